"""The secret parts of links in a person's own words: passwords, signed queries, tokens behind ``#``.

What is stored or shown has them hidden; a model never gets them.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import urlsplit

from dataferry.core.errors import InvalidInput
from dataferry.core.types import DatasetRef

_TEXT = r"[^\s<>\"'`]"
_LINK = re.compile(rf"\b[a-z][a-z0-9+.-]*://{_TEXT}+", re.IGNORECASE)
#: What ends a sentence, and not a link.
_END = ".,;:!?)]}"
_PARTS = re.compile(r"([^:]+://)((?:[^?#]*)@)?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
#: The same without a scheme: ``host.org/a.csv?key=…``.
_QUERY = re.compile(
    rf"((?<![\w@:/.-])(?:[\w-]+\.)+[a-z]{{2,}}(?::\d+)?(?:/[^\s<>\"'`?]*)?\?){_TEXT}*={_TEXT}*", re.IGNORECASE
)
_USER = re.compile(
    r"(?<![\w/@.-])(?!mailto:)[^\s:@/<>\"'`]+:[^\s@/<>\"'`]+(@(?:[\w-]+\.)+[a-z]{2,})", re.IGNORECASE
)
#: Of a link that was cut in two.
_PARAMETER = re.compile(
    r"\b((?:x-(?:amz|goog)-(?:signature|credential|security-token)|(?:access_?|auth_?|refresh_?|sas_?)?token"
    r"|sig|signature|api_?key|secret|password|passwd|pwd)=)[^\s&<>\"'`#]+",
    re.IGNORECASE,
)


def hide_link_secrets(text: str, written: Callable[[DatasetRef], str] | None = None) -> str:
    """``text`` without the secrets of the links in it.

    ``written``: how a link that can be asked for is written, by default as its ref's id: without its secret,
    with a digest of it, by which the library knows it again.
    """
    hidden = written or (lambda ref: ref.id)
    links = list(_LINK.finditer(text))
    edges = [0, *(edge for link in links for edge in link.span()), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(edges)]
    return "".join(
        _without(piece, hidden) if index % 2 else _outside_links(piece) for index, piece in enumerate(pieces)
    )


def keep_links(text: str) -> str:
    """The same, but what is needed to ask for the links stays: to be sealed, not to be shown."""
    return hide_link_secrets(text, lambda ref: ref.url or ref.id)


def _without(link: str, written: Callable[[DatasetRef], str]) -> str:
    url = link.rstrip(_END)
    end = link[len(url) :]
    try:
        ref = DatasetRef.make("url", url)
    except InvalidInput:
        match = _PARTS.fullmatch(url)
        if match is None:
            return "…" + end
        scheme, user, rest, query, fragment = match.groups(default="")
        if not (user or query or "=" in fragment):
            return link
        return f"{scheme}{rest}…{end}"
    if ref.url == ref.id and "=" not in urlsplit(url).fragment:
        return link
    return written(ref) + end


def _outside_links(text: str) -> str:
    text = _QUERY.sub(r"\1…", text)
    text = _USER.sub(r"…\1", text)
    return _PARAMETER.sub(r"\1…", text)
