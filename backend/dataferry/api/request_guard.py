"""Who may speak to this server, and from which page. Plain ASGI: streams pass unbuffered."""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from dataferry.api.problems import problem_of, problem_response
from dataferry.core.errors import DataferryError, Forbidden, UnknownHost

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class RequestGuard:
    """Refuses requests to a host name that is not this server's, and changes that another site's page asks
    for.

    A name that somebody else owns may lead to this machine (DNS rebinding): to a browser their page is then
    one of this server's. Numeric addresses, names without a dot and this machine's own name cannot be theirs;
    other names must be in ``allowed_hosts``, where ``*`` stands for all.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        own = socket.gethostname().lower()
        # The other one is what a home's network calls this machine (mDNS).
        self._names = {name.lower() for name in allowed_hosts} | {own, f"{own}.local"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # before it is accepted: answered with 403
        else:
            await problem_response(problem_of(refusal))(scope, receive, send)

    def _refusal(self, scope: Scope) -> DataferryError | None:
        headers = Headers(scope=scope)
        host = _host_name(headers.get("host", ""))
        if not self._is_ours(host):
            return UnknownHost(
                f"This server does not answer to the name {host[:120]!r}.",
                next_step="Use its address, or ask an admin to allow the name.",
                setting="DATAFERRY_ALLOWED_HOSTS",
            )
        changes = scope["type"] == "websocket" or scope["method"] not in _READING
        if changes and not _is_own_page(headers):
            return Forbidden("The request comes from another site.", next_step="Use Dataferry's own page.")
        return None

    def _is_ours(self, host: str) -> bool:
        if "*" in self._names or host in self._names or "." not in host or host.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True


def _host_name(host: str) -> str:
    """The name of a ``Host`` header without its port, brackets and final dot, in lower case."""
    host = host.strip().lower()
    name, _, port = host.rpartition(":")
    if not name or not port.isdecimal():
        name = host
    return name.removeprefix("[").removesuffix("]").removesuffix(".")


def _is_own_page(headers: Headers) -> bool:
    """Whether the request comes from the server's own page, or from no browser at all.

    SameSite=Strict says the same to the browser; one that ignores the one honours the other. The browser's
    own word comes first, since a proxy may rewrite the Host header.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")  # an old browser, plain http to another machine
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False
