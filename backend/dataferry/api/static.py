"""The page, served by the app itself."""

import mimetypes
import re
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from dataferry.api.problems import REFERENCE
from dataferry.api.reference import reference_page

#: Where the build puts the page: inside the package, so that the wheel carries it.
WEB = Path(__file__).parents[1] / "_web"

#: First segments that are never one of the page's screens: what is missing there is missing. The service
#: worker (``frontend/src/worker``) knows them too.
RESERVED_SEGMENTS = frozenset(
    {".well-known", "api", "assets", "datasets", "docs", "hub", "job_params", "mcp", "metrics"}
)
#: Names of encodings that a browser takes; one with a weight, as in ``br;q=0``, is passed over.
_ACCEPTED = re.compile(r"([\w*]+)\s*(?:,|$)")
_ASSET_MAX_AGE_S = 31_536_000

_NOT_BUILT = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dataferry</title></head>
<body><h1>The page is not built</h1>
<p>Run <code>make setup</code>, then start the server again. The API works without it:
<a href="{REFERENCE}">{REFERENCE}</a>.</p></body></html>"""


class Page(StaticFiles):
    """Files of the build; any other path is one of the page's own screens.

    What is missing is an ``HTTPException`` 404, so that it is answered like every other error.
    """

    def __init__(self, web: Path) -> None:
        super().__init__(directory=web, check_dir=False)
        self._built = (web / "index.html").is_file()
        self._compressed = {file.relative_to(web).as_posix() for file in web.rglob("*.br")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        elif _first_segment(self.get_path(scope)) == "api":
            raise HTTPException(404)
        elif self._built:
            await super().__call__(scope, receive, send)
        else:
            await HTMLResponse(_NOT_BUILT, 503)(scope, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await self._file(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_screen(path):
                raise
            response = await self._file("index.html", scope)
        # Names of assets carry a hash of their content; everything else may change with each build.
        lasting = _first_segment(path) == "assets"
        response.headers["Cache-Control"] = (
            f"public, max-age={_ASSET_MAX_AGE_S}, immutable" if lasting else "no-cache"
        )
        return response

    async def _file(self, path: str, scope: Scope) -> Response:
        """A file of the build; the copy that the build compressed, where there is one and the browser
        takes it.
        """
        name = "index.html" if path == "." else path
        compressed = f"{name}.br"
        if compressed not in self._compressed:
            return await super().get_response(path, scope)
        if "br" in _ACCEPTED.findall(Headers(scope=scope).get("accept-encoding", "")):
            response = await super().get_response(compressed, scope)
            response.headers["Content-Encoding"] = "br"
            response.headers["Content-Type"] = _media_type(name)
        else:
            response = await super().get_response(path, scope)
        response.headers.add_vary_header("Accept-Encoding")
        return response


def _media_type(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _first_segment(path: str) -> str:
    return path.partition("/")[0]


def _is_screen(path: str) -> bool:
    """Whether the page itself may know the path; ``.`` is the root."""
    if path == ".":
        return True
    # A name with a dot at the top is a file, as robots.txt is; further down it may be a dataset's key.
    return _first_segment(path) not in RESERVED_SEGMENTS and ("/" in path or "." not in path)


def install_page(app: FastAPI, web: Path = WEB) -> None:
    """Serve the API's reference, and the built page on every path that no route has."""

    @app.get(REFERENCE, include_in_schema=False)
    def reference(request: Request) -> HTMLResponse:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        return HTMLResponse(reference_page(app.openapi(), origin))

    # Not a mount: that would match every path, and take the place of 405 for a route's other methods.
    # Of the API only JSON is compressed: see ``api.compression``.
    app.router.default = GZipMiddleware(Page(web), minimum_size=1000, compresslevel=6)
