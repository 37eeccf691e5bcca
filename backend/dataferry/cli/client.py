"""A client of the server that owns the data folder.

What only some commands need is imported where it is used: they start in half the time.
"""

import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import httpx

from dataferry.core.errors import ConfigError, NetworkFault
from dataferry.core.job_types import FINAL_STATES, JobView
from dataferry.core.lock import owner_address
from dataferry.core.settings import Settings, load_settings
from dataferry.core.telemetry import configure_logging
from dataferry.core.types import ProblemWords

if TYPE_CHECKING:
    import uvicorn
    from websockets.exceptions import ConnectionClosed


class Client:
    """HTTP and WebSocket calls as this machine's operator."""

    def __init__(self, address: str, token: str, *, own_server: bool) -> None:
        self.address = address
        #: The server ends with this command.
        self.own_server = own_server
        self._http = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        )

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """A request's JSON. Errors: the ``DataferryError`` that the server's problem stands for."""
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise ConfigError(
                f"The server at {self.address} does not answer.", next_step="Look at its log."
            ) from error
        if response.is_success:
            return response.json()
        problem = response.json()
        told = {name: value for name, value in problem.items() if name in ProblemWords.model_fields}
        raise ProblemWords(**told).restore()

    async def follow(self, job_id: str) -> AsyncIterator[JobView]:
        """A job's views as they change, ending with its final one."""
        async for job in self._events(f"job:{job_id}"):
            yield job
            if job.state in FINAL_STATES:
                return

    async def follow_all(self, user_id: str) -> AsyncIterator[JobView]:
        """Every change of every job of the operator, without end."""
        async for job in self._events(f"user:{user_id}"):
            yield job

    async def _events(self, topic: str) -> AsyncIterator[JobView]:
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed

        ticket = self.call("POST", "/api/auth/ws-ticket")["ticket"]
        url = self.address.replace("http", "ws", 1) + f"/api/ws?ticket={ticket}"
        async with connect(url, proxy=None) as socket:
            try:
                await socket.send(json.dumps({"op": "subscribe", "topic": topic}))
                while True:
                    message = json.loads(await socket.recv())
                    if message["op"] in ("event", "snapshot"):
                        yield JobView.model_validate(message["job"])
            except ConnectionClosed as error:
                raise NetworkFault(
                    f"The server at {self.address} has ended the connection. {_reason(error)}".rstrip(),
                    next_step="Jobs go on without it: `dataferry jobs` shows them.",
                ) from error


def _reason(error: "ConnectionClosed") -> str:
    """What the server said, such as that it stops or that the account was disabled."""
    return error.rcvd.reason if error.rcvd is not None else ""


@contextlib.contextmanager
def connected(user: str | None = None) -> Iterator[Client]:
    """A client of the running server, or of one that runs until the body ends.

    ``user``: an account's e-mail to act as; by default this machine's operator.
    """
    settings = load_settings()
    configure_logging("WARNING", as_json=False)
    address = owner_address(settings.data_dir)
    if address is None and not settings.embedded:
        address = f"http://{'127.0.0.1' if settings.loopback else settings.host}:{settings.port}"
    if address is not None:
        yield Client(address, _token(settings, user), own_server=False)
        return
    with _own_server(settings) as address:
        yield Client(address, _token(settings, user), own_server=True)


@contextlib.contextmanager
def _own_server(settings: Settings) -> Iterator[str]:
    """The address of a server that runs as long as the body."""
    from dataferry.cli.serving import address_of, bound_socket, build_server, data_folder_lock

    settings = settings.model_copy(update={"host": "127.0.0.1", "port": 0})
    with data_folder_lock(settings), bound_socket(settings) as listener:
        server = build_server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield address_of(settings, listener)
        finally:
            server.should_exit = True
            thread.join()


def _wait_until_started(server: "uvicorn.Server", thread: threading.Thread) -> None:
    while not server.started:
        thread.join(timeout=0.02)
        if not thread.is_alive():
            raise ConfigError("The server did not start.", next_step="Run `dataferry doctor`.")


def _token(settings: Settings, user: str | None) -> str:
    """An access token from the data folder's own key: who may read that may act."""
    from dataferry.accounts.service import Accounts
    from dataferry.core.db import Database

    database = Database(settings.sqlalchemy_url, threads=1, wait_s=settings.database_wait_s)
    accounts = Accounts(database, settings)
    try:
        return accounts.operator_token(user)
    finally:
        accounts.close()
        database.close()
