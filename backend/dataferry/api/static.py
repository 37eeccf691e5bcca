"""The page, served by the app itself."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parents[1] / "_web"

_NOT_BUILT = """<!doctype html><html lang="en"><title>Dataferry</title>
<h1>The page is not built</h1><p>Run <code>make setup</code>, then start the server again.
The API is at <a href="/api/docs">/api/docs</a>.</p></html>"""


class Page(StaticFiles):
    """Files of the build; any other path is one of the page's own screens."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith(("api/", "assets/")):
                raise
            path, response = "index.html", await super().get_response("index.html", scope)
        # Names of assets carry a hash of their content.
        lasting = path.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
        return response


def install_page(app: FastAPI, web: Path = WEB) -> None:
    """Serve the built page on every path that no route has; call it after all routes are in."""

    @app.get("/api/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(_reference(app))

    if (web / "index.html").exists():
        app.mount("/", Page(directory=web, html=True), name="page")
        return

    @app.get("/{path:path}", include_in_schema=False)
    async def not_built(path: str, request: Request) -> HTMLResponse:
        if path.startswith("api/"):
            raise HTTPException(404)
        return HTMLResponse(_NOT_BUILT, status_code=503)


def _reference(app: FastAPI) -> str:
    """The routes, made from the OpenAPI document. Plain HTML: no script from elsewhere, so that it
    works without internet and under the page's own policy."""
    rows = []
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            words = operation.get("description") or operation.get("summary", "")
            rows.append(
                f"<tr><td><code>{method.upper()}</code></td><td><code>{_escaped(path)}</code></td>"
                f"<td>{_escaped(words)}</td></tr>"
            )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width,initial-scale=1"><title>Dataferry API</title>'
        "<style>body{font:15px/1.6 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}"
        "td{padding:.25rem 1rem .25rem 0;vertical-align:top}"
        "@media(prefers-color-scheme:dark){body{background:#14161b;color:#e8eaf0}a{color:#8fb4ff}}"
        "</style><h1>Dataferry API</h1><p>Every route needs a bearer token from "
        "<code>POST /api/auth/token</code>, but those that give one. Schemas: "
        '<a href="/api/openapi.json">openapi.json</a>.</p><table>' + "".join(rows) + "</table></html>"
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
