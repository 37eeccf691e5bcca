"""Headers that keep the page to itself. Plain ASGI: streams pass unbuffered."""

import base64
import hashlib
import re
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dataferry.api.static import WEB

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Strict content policy, no sniffing, no framing; answers of the API are kept by no cache."""

    def __init__(self, app: ASGIApp, web: Path = WEB) -> None:
        self._app = app
        self._headers = _HEADERS | {"Content-Security-Policy": content_policy(web)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self._app(scope, receive, with_headers)


def content_policy(web: Path) -> str:
    """The page may load only what it brought, and may talk to its own server only.

    Its one inline script (the theme, before the first paint) is allowed by its hash. Inline styles are
    allowed: the dialogs make one to lock scrolling. ``connect-src 'self'`` covers the socket as well
    (CSP 3, 4.1.1).
    """
    index = web / "index.html"
    scripts = _INLINE_SCRIPT.findall(index.read_text("utf-8")) if index.is_file() else []
    hashes = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; media-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
