"""Whether what came is the file that was asked for, or a page in its place: judged by its first bytes.

Servers answer a link that wants a sign-in, or a file that is gone, with 200 and a page; others call every
file ``text/html``. So the bytes count, and the type only where they leave a doubt.
"""

import re
from pathlib import PurePosixPath

from dataferry.core.errors import TransferError
from dataferry.transfer.http.content_disposition import is_attachment
from dataferry.transfer.http.http1 import Headers

PAGE_TYPES = ("text/html", "application/xhtml+xml")


def _suffixes(text: str) -> frozenset[str]:
    return frozenset(f".{suffix}" for suffix in text.split())


#: Names of files that are pages themselves.
_PAGES = _suffixes("htm html mht mhtml shtml xht xhtml")
#: Names of files that may hold a page: text of any kind, and tables that old programs export as pages.
_MAY_HOLD_A_PAGE = _PAGES | _suffixes(
    "doc eml hta j2 jinja log md svg tmpl tpl txt vue warc xls xml xsl xslt"
)
#: Names of files that are never text. What is in place of an archive is told by who unpacks it.
_NEVER_TEXT = _suffixes("feather h5 hdf hdf5 jpeg jpg nc npy npz parquet png xlsx")
#: Names of files that never begin with an XML declaration.
_NO_XML = _NEVER_TEXT | _suffixes("7z arrow bz2 csv gz json jsonl ndjson pdf rar tar tgz tsv xz zip zst")

_COMMENT = re.compile(rb"\s*<!--.*?(?:-->|\Z)", re.DOTALL)
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*>", re.IGNORECASE)
#: What only a page begins with.
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|(?:html|head|body)(?=[\s>/]))", re.IGNORECASE)
#: What a piece of a page begins with, and yet a cell of a table may.
_PIECE = re.compile(
    rb"\s*<(?:a|br|center|div|font|form|h[1-6]|iframe|link|meta|noscript|p|pre|script|style|table|title)(?=[\s>/])",
    re.IGNORECASE,
)
#: The header of a table whose columns are named like tags: ``<date>,<open>``.
_TAG_CELLS = re.compile(rb"\s*<[^<>\r\n]*> *[,;\t|]")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def page_in_place_of(name: str, headers: Headers, head: bytes) -> str | None:
    """What came in place of a file called ``name`` whose first bytes are ``head``, in words; None where it
    may be the file."""
    suffix = PurePosixPath(name).suffix.lower()
    text = _without_bom(head)
    if suffix in _PAGES:
        return None
    if _is_page(text, suffix, headers):
        return "a web page"
    if suffix in _NO_XML and _DECLARATION.match(_without_comments(text)):
        return "a message in XML"
    if suffix in _NEVER_TEXT and head and _is_text(head):
        return "a text"
    return None


def check_is_file(name: str, host: str, headers: Headers, head: bytes) -> None:
    """Errors: ``TransferError`` where a page came in place of the file."""
    came = page_in_place_of(name, headers, head)
    if came is not None:
        raise TransferError(f"{host} sent {came} in place of {name}.", next_step=PAGE_STEP)


PAGE_STEP = (
    "Open the link in a browser and copy the address that its download button leads to. "
    "If it asks to sign in there, ask its publisher for a direct link."
)


def content_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_page(text: bytes, suffix: str, headers: Headers) -> bool:
    attached = is_attachment(headers)
    called_a_page = content_type(headers) in PAGE_TYPES and not attached
    if not called_a_page and (suffix in _MAY_HOLD_A_PAGE or (attached and not suffix)):
        return False
    body = _without_comments(text)
    declared = _DECLARATION.match(body)
    if declared is not None:
        body = _without_comments(body[declared.end() :])
    if _TAG_CELLS.match(body):
        return False
    if _PAGE.match(body):
        return True
    only_comments = bool(text.strip()) and not body.strip()
    piece = declared is None and _PIECE.match(body) is not None
    return called_a_page and (only_comments or piece)


def _without_comments(text: bytes) -> bytes:
    while comment := _COMMENT.match(text):
        text = text[comment.end() :]
    return text


def _without_bom(head: bytes) -> bytes:
    for bom, charset in _BOMS:
        if head.startswith(bom):
            text = head[len(bom) :]
            return text if charset == "utf-8" else text.decode(charset, "replace").encode()
    return head


def _is_text(head: bytes) -> bool:
    """Whether it is readable as it stands. Formats that are not text show it in their first bytes."""
    try:
        text = head[:512].decode()
    except UnicodeDecodeError as error:
        if error.start < len(head[:512]) - 4:
            return False
        text = head[: error.start].decode()
    return all(char.isprintable() or char in "\r\n\t" for char in text)
