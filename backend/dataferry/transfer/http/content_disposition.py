"""``Content-Disposition``: the name that a server gives a file.

RFC 6266 with the extended values of RFC 8187 and the continuations of RFC 2231, and what servers send
beside them: encoded words (RFC 2047), raw UTF-8 or Latin-1, percent escapes, quotes that are missing.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote_to_bytes, urlsplit

from dataferry.transfer.http.http1 import Headers

#: The longest name. File systems take 255 bytes, and something may be put behind it.
_MAX_NAME_CHARS, _MAX_NAME_BYTES = 150, 240
#: The endings of a name that stay when it is cut, such as ``.tar.gz``.
_ENDING = re.compile(r"(?:\.tar)?\.[^.]{1,12}\Z")
#: A parameter: its name, and a value in quotes (the last may be missing) or up to the next semicolon.
_PARAMETER = re.compile(
    r"""\s*(?P<name>[\w!#$%&+.^`|~-]+(?:\*\d{1,3})?\s*\*?)\s*=\s*
        (?: "(?P<quoted>(?:[^"\\]|\\.)*)(?:"|\\?$) | (?P<plain>[^;]*) )[^;]*""",
    re.VERBOSE | re.DOTALL,
)
_EXTENDED = re.compile(r"(?P<charset>[\w.:+-]*)'[^']*'(?P<value>.*)", re.DOTALL)
_CONTINUED = re.compile(r"filename\*(?P<number>\d{1,3})(?P<extended>\*?)")
_ENCODED_WORD = re.compile(r"=\?[\w.:+-]+\?[bq]\?[^?]*\?=", re.IGNORECASE)
#: An escaped byte of another letter than ASCII's, or a blank.
_TELLING_ESCAPE = re.compile(r"%(?:[89A-Fa-f][0-9A-Fa-f]|20)")


def is_attachment(headers: Headers) -> bool:
    """Whether the server offers the body as a file to be saved."""
    lines = headers.getlist("content-disposition")
    return any(line.partition(";")[0].strip().strip('"').lower() == "attachment" for line in lines)


def disposition_name(headers: Headers) -> str:
    """The file's name as the server gives it, perhaps with a path; empty where it gives none.

    ``filename*`` wins over ``filename``, wherever it stands; one that cannot be read does not count.
    """
    for line in headers.getlist("content-disposition"):
        parameters = dict(_parameters(line))
        for name in (
            _extended(parameters.get("filename*")),
            _continued(parameters),
            _plain(parameters.get("filename")),
        ):
            if name:
                return name
    return ""


def plain_name(path: str) -> str:
    """The last segment of a path, fit to be a file's name; empty where there is none."""
    name = re.split(r"[/\\]", path)[-1]
    name = "".join(char if char.isprintable() else "_" for char in name).strip(" .")
    if len(name) <= _MAX_NAME_CHARS and len(name.encode()) <= _MAX_NAME_BYTES:
        return name
    found = _ENDING.search(name)
    ending = found.group() if found else ""
    kept = name[: _MAX_NAME_CHARS - len(ending)].encode()[: _MAX_NAME_BYTES - len(ending.encode())]
    return kept.decode(errors="ignore").rstrip(" .") + ending


def header_text(text: str) -> str:
    """Text of a header line, which is read as Latin-1; servers that put other letters there mean UTF-8."""
    return _text(text.encode("latin-1", "replace"))


def last_segment(url: str) -> str:
    """The last segment of a URL's path as a file's name; empty where there is none."""
    return plain_name(_text(unquote_to_bytes(urlsplit(url).path)))


def _text(raw: bytes) -> str:
    for charset in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return raw.decode(charset)
    return raw.decode("latin-1")


def _parameters(line: str) -> Iterator[tuple[str, str]]:
    """Names in lower case; the first of a name counts."""
    seen = set()
    position = _start_of_parameters(line)
    while position >= 0:
        match = _PARAMETER.match(line, position)
        if match is not None:
            name, quoted = "".join(match["name"].lower().split()), match["quoted"]
            # Only what must be escaped is: a backslash before a letter is part of a Windows path.
            value = match["plain"] if quoted is None else re.sub(r'\\(["\\])', r"\1", quoted)
            if name not in seen:
                seen.add(name)
                yield name, value.strip()
            position = match.end()
        position = line.find(";", position) + 1 or -1


def _start_of_parameters(line: str) -> int:
    """Behind ``attachment;``, which some servers leave out."""
    kind, semicolon, _ = line.partition(";")
    return len(kind) + 1 if semicolon and "=" not in kind else 0


def _extended(value: str | None) -> str:
    """``UTF-8''na%C3%AFve.csv``; empty where that cannot be read."""
    match = _EXTENDED.fullmatch((value or "").strip('"'))
    if match is None:
        # Without a charset it is not as it should be, and yet what the server means.
        return _decoded(unquote_to_bytes((value or "").strip('"').encode("latin-1", "replace")), "utf-8")
    raw = unquote_to_bytes(match["value"].encode("latin-1", "replace"))
    return _decoded(raw, match["charset"] or "utf-8")


def _continued(parameters: dict[str, str]) -> str:
    """``filename*0*=UTF-8''na%C3%AF; filename*1=ve.csv``."""
    parts: dict[int, tuple[bytes, bool]] = {}
    charset = "utf-8"
    for name, value in parameters.items():
        match = _CONTINUED.fullmatch(name)
        if match is None:
            continue
        number, extended = int(match["number"]), bool(match["extended"])
        if extended and number == 0 and (first := _EXTENDED.fullmatch(value)):
            charset, value = first["charset"] or charset, first["value"]
        raw = value.encode("latin-1", "replace")
        parts[number] = (unquote_to_bytes(raw) if extended else raw, extended)
    joined = b""
    for number in range(len(parts)):
        if number not in parts:
            return ""
        joined += parts[number][0]
    return _decoded(joined, charset)


def _plain(value: str | None) -> str:
    name = value or ""
    if len(name) > 1 and name[0] == name[-1] == "'":
        name = name[1:-1]
    if _ENCODED_WORD.search(name):
        with suppress(HeaderParseError, LookupError, ValueError):
            return str(make_header(decode_header(name)))
    if _TELLING_ESCAPE.search(name):
        with suppress(UnicodeError):
            return unquote_to_bytes(name.encode("latin-1")).decode()
    return header_text(name)


def _decoded(raw: bytes, charset: str) -> str:
    with suppress(LookupError, UnicodeError):
        return raw.decode(charset)
    return ""
