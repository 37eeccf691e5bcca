"""``dataferry serve`` and ``dataferry worker``."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from typing import Annotated

import typer
import uvicorn

from dataferry.api.connections import Connections
from dataferry.cli.listener import Listener, connection_limit
from dataferry.cli.output import note, out
from dataferry.core.errors import ConfigError
from dataferry.core.lock import POLL_S, DataFolderLock, Owner, make_data_folder, read_owner, wanted
from dataferry.core.settings import Settings, load_settings
from dataferry.core.telemetry import configure_logging
from dataferry.library.paths import Store

#: Seconds for a background server to end beside the draining of its jobs.
_END_S = 10.0


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (DATAFERRY_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (DATAFERRY_PORT).")] = None,
) -> None:
    """Serve the page, the API and the jobs."""
    given = {"host": host, "port": port}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    configure_logging(settings.log_level, as_json=settings.log_json)
    with data_folder_lock(settings) as lock, bound_socket(settings) as listener:
        address = address_of(settings, listener)
        server = checked_server(settings, on_started=lambda: lock.write(Owner(address)))
        token = server.config.app.state.services.accounts.setup_token  # type: ignore[union-attr]
        out.print(f"Dataferry is at {address}")
        if token is not None:
            out.print(f"The first account needs this setup token: {token}")
        server.run(sockets=[listener])
        if not server.started:
            raise typer.Exit(1)


def worker() -> None:
    """Run jobs for other processes: needs Postgres and Redis."""
    settings = load_settings()
    if settings.embedded or settings.redis_url is None:
        raise ConfigError(
            "A worker needs a database that several processes may use.",
            next_step="Set DATABASE_URL to Postgres and REDIS_URL, or run `dataferry serve` alone.",
        )
    configure_logging(settings.log_level, as_json=settings.log_json)
    asyncio.run(_run_worker(settings))


async def _run_worker(settings: Settings) -> None:
    from dataferry.app import build_services, started

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    services = build_services(settings)
    services.check()
    async with started(services, worker=True, answers=False):
        out.print("The worker is ready.")
        await stop.wait()


class _Server(uvicorn.Server):
    """Tells when it takes requests."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_started()


def checked_server(settings: Settings, on_started: Callable[[], None]) -> uvicorn.Server:
    """A server for the app, with what it needs looked at: here an error is one line that a person reads,
    within the server it would be a stack trace. Errors: ``DataferryError``."""
    Store(settings.store).prepare()
    server = build_server(settings, on_started)
    server.config.app.state.services.check()  # type: ignore[union-attr]
    return server


def build_server(settings: Settings, on_started: Callable[[], None]) -> uvicorn.Server:
    """A server for the app. Its own signal handling drains requests first, then the jobs."""
    from dataferry.app import create_app
    from dataferry.cli.http_protocol import ServerConfig

    limit = connection_limit(settings.max_connections, outgoing=settings.all_connections)
    config = ServerConfig(
        create_app(settings),
        connections=Connections(
            limit, settings.max_connections_per_client, trusted=_is_in(settings.proxy_networks)
        ),
        header_timeout_s=settings.header_timeout_s,
        body_timeout_s=settings.body_timeout_s,
        send_timeout_s=settings.send_timeout_s,
        loop="asyncio",  # `Listener` knows its ways
        log_config=None,
        access_log=False,
        ws_max_size=64 * 1024,
        # Progress is small and often; compressing it costs more than it saves.
        ws_per_message_deflate=False,
        # Answers and sockets never end by themselves: what is left after a second is cut. Answers
        # are stored as they grow, and the page comes back by itself.
        timeout_graceful_shutdown=1,
        server_header=False,
        proxy_headers=False,  # the app has it, with the proxies of the settings
    )
    return _Server(config, on_started)


def _is_in(networks: list[str]) -> Callable[[str], bool]:
    known = [ip_network(network) for network in networks]

    def is_in(address: str) -> bool:
        # A socket in the file system has no address, and an IPv6 one may name its interface.
        with contextlib.suppress(ValueError):
            return any(ip_address(address.partition("%")[0]) in network for network in known)
        return False

    return is_in


@contextlib.contextmanager
def data_folder_lock(settings: Settings) -> Iterator[DataFolderLock]:
    """The data folder, held while the body runs. With Postgres several processes may share it."""
    lock = DataFolderLock(settings.data_dir)
    if not settings.embedded:
        make_data_folder(settings.data_dir)
        yield lock
        return
    owner = read_owner(settings.data_dir)
    if owner is not None and owner.background:
        _replace_background(settings, lock)
    with lock:
        yield lock


def _replace_background(settings: Settings, lock: DataFolderLock) -> None:
    """Take the lock over from the server that commands share; it ends when it is asked."""
    note("The background server of other commands ends; they go on with this one.")
    deadline = time.monotonic() + settings.drain_s + _END_S
    with wanted(settings.data_dir):
        while not lock.acquire() and time.monotonic() < deadline:
            time.sleep(POLL_S)


@contextlib.contextmanager
def bound_socket(settings: Settings) -> Iterator[socket.socket]:
    """A bound socket. Errors: ``ConfigError`` for an occupied port or an address that is not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio sends small answers at once; else each waits 40 ms for more.
    listener = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.",
            next_step="Set DATAFERRY_PORT to a free port, or stop what uses this one.",
        ) from error
    with listener:
        yield listener


def address_of(settings: Settings, listener: socket.socket) -> str:
    host = "localhost" if settings.loopback else settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - only compared
        host = socket.gethostname()
    return f"http://{host}:{listener.getsockname()[1]}"
