"""A dataset's ref in the path as people write it: ``/api/datasets/kaggle:uciml/iris``.

The routes take a key, which is one segment (``kaggle:uciml~iris``). Clients write the ref, and proxies and
frameworks decode ``%2F`` on the way, so both are read as the key that they stand for.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from dataferry.core.errors import InvalidInput
from dataferry.core.specs import source_named
from dataferry.core.types import DatasetRef

_PREFIXES = ("/api/datasets/", "/datasets/")
#: What follows the key of a file; a file may have any name, that of a route too.
_FILE_ROUTE = "files/{path:path}"
_FILE = re.compile("(?=(/files/.+))")


class SlashedRefs:
    """Rewrites the path of a request. ``routes``: those that take a key, and tell what may follow it."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        ends = {getattr(route, "path", "").partition("{key}/")[2] for route in routes} - {"", _FILE_ROUTE}
        #: The longest first: ``preview/files`` is not ``files`` of another dataset.
        self._subroutes = [_pattern(end) for end in sorted(ends, key=len, reverse=True)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = next((self._path(scope, one) for one in _PREFIXES if scope["path"].startswith(one)), None)
            if path is not None:
                scope = {**scope, "path": path, "raw_path": quote(path, safe="/~!$&'()*+,;=:@").encode()}
        await self._app(scope, receive, send)

    def _path(self, scope: Scope, prefix: str) -> str | None:
        """The path with the key; None where it has no ref with a slash."""
        raw = (scope.get("raw_path") or quote(scope["path"]).encode()).partition(b"?")[0].decode("latin-1")
        rest = raw.removeprefix(prefix)
        if source_named(unquote(rest).partition(":")[0]) is None or "/" not in unquote(rest):
            return None
        for file in _FILE.finditer(rest):
            key = _key(rest[: file.start()])
            if key is not None:
                return f"{prefix}{key}{unquote(file[1])}"
        for subroute in self._subroutes:
            found = subroute.search(rest)
            if found is not None:
                key = _key(rest[: found.start()])
                if key is not None:
                    return f"{prefix}{key}{found[0]}"
        key = _key(rest)
        return None if key is None else prefix + key


def _pattern(end: str) -> re.Pattern[str]:
    """What a path ends with, of the end of a route; a parameter in it is one segment."""
    parts = re.split(r"\{\w+\}", end)
    return re.compile(f"/{'[^/]+'.join(map(re.escape, parts))}$")


def _key(written: str) -> str | None:
    """The key of a ref as it stands in a path; None where it is none."""
    try:
        return DatasetRef.from_key(unquote(written)).key
    except InvalidInput:
        return None
