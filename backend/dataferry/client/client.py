"""A client of the server that owns the data folder, or of a remote one.

What only some callers need is imported where it is used: commands start in half the time.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from dataferry.client.http_library import httpx
from dataferry.client.remote import RemoteServer, no_api, unanswered, was_cut_off
from dataferry.client.server import Server, Tell, local_server
from dataferry.core.errors import NetworkFault
from dataferry.core.job_types import FINAL_STATES, JobView
from dataferry.core.problems import ProblemWords
from dataferry.core.settings import Settings

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

#: A background server that ends so often in one command does so for a reason.
_RESTARTS = 5
#: Close codes after which another connection is refused as well.
_REFUSALS = range(4000, 5000)
#: Seconds that a goodbye may take.
_CLOSE_S = 0.1


class Client:
    """HTTP and WebSocket calls as this machine's operator, or with the token of an account.

    A call that finds its server gone looks for the one that came after it. It may be used by several
    threads.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._token = server.token()
        self._remote = server if isinstance(server, RemoteServer) else None
        self._tls = self._remote.tls_context() if self._remote else None
        self._http = httpx.Client(
            timeout=httpx.Timeout(60, connect=10),
            trust_env=self._remote is not None,
            verify=self._tls or False,
        )
        self._lock = threading.Lock()
        self._restarts = 0

    def close(self) -> None:
        self._http.close()

    @property
    def address(self) -> str:
        return self._server.address

    @property
    def elsewhere(self) -> str | None:
        """The machine of a remote server, where the paths are that it tells of; None for this machine."""
        return self._remote.host if self._remote else None

    @property
    def background(self) -> bool:
        """The server ends some seconds after its last command, and its jobs wait for the next one."""
        return self._server.background

    def call(self, method: str, path: str, *, repeatable: bool | None = None, **arguments: Any) -> Any:
        """A request's JSON; None where the answer is empty.

        ``repeatable``: it may be sent again when its server has ended in the middle of it; by default
        where it changes nothing. Errors: the ``DataferryError`` that the server's problem stands for.
        """
        repeatable = method == "GET" if repeatable is None else repeatable
        response = self._send(method, path, repeatable, **arguments)
        if response.status_code == httpx.codes.UNAUTHORIZED and self._renewed_token():
            response = self._send(method, path, repeatable, **arguments)
        if response.status_code == httpx.codes.UNAUTHORIZED and self._remote:
            raise self._remote.refused()
        return _content(self.address, response)

    @contextlib.contextmanager
    def stream_file(self, path: str, sha256: str, *, begin: int = 0) -> "Iterator[httpx.Response]":
        """The answer with a file from byte ``begin`` on, its body still to be read. Where the server has not
        the bytes of that ``sha256`` any more it is the whole file, with 200 in place of 206.

        Errors: as ``call``, and ``NetworkFault`` where the line breaks while it is read.
        """
        # The server's ETag of a file is its SHA-256.
        part = {"Range": f"bytes={begin}-", "If-Range": f'"{sha256}"'} if begin else {}
        with self._stream("GET", path, part) as response:
            yield response

    @contextlib.contextmanager
    def stream_answer(self, path: str, **arguments: Any) -> "Iterator[httpx.Response]":
        """The answer to a POST, its body still to be read; it may take minutes to begin. Errors: as
        ``stream_file``."""
        timeout = httpx.Timeout(300, connect=10)
        with self._stream("POST", path, {}, timeout=timeout, **arguments) as response:
            yield response

    @contextlib.contextmanager
    def _stream(
        self, method: str, path: str, headers: Mapping[str, str], **arguments: Any
    ) -> "Iterator[httpx.Response]":
        address = self.address
        headers = {"Authorization": f"Bearer {self._token}", **headers}
        try:
            with self._http.stream(method, address + path, headers=headers, **arguments) as response:
                if response.is_error:
                    response.read()
                    _content(address, response)
                yield response
        except httpx.HTTPError as error:
            raise unanswered(address, error) from error

    def _send(self, method: str, path: str, repeatable: bool, **arguments: Any) -> httpx.Response:
        while True:
            address = self.address
            headers = {"Authorization": f"Bearer {self._token}"}
            try:
                response = self._http.request(method, address + path, headers=headers, **arguments)
                if self._remote is None and was_cut_off(response):
                    raise httpx.RemoteProtocolError("the server ends")
                return response
            except httpx.ConnectError as error:
                if not self._found_again(address):
                    raise unanswered(self.address, error) from error
            except httpx.HTTPError as error:
                gone = isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)
                if not (gone and repeatable and self._found_again(address)):
                    raise unanswered(self.address, error) from error

    def _found_again(self, address: str) -> bool:
        """Whether a server is there in place of the one at ``address``, which has ended."""
        with self._lock:
            if self.address == address:
                self._restarts += 1
                if self._restarts > _RESTARTS or not self._server.find():
                    return False
            return True

    def _renewed_token(self) -> bool:
        """Tokens live for minutes, and downloads for hours. Whether there is another one now."""
        with self._lock:
            former, self._token = self._token, self._server.token(renew=True)
            return self._token != former

    # -- following ----------------------------------------------------------------------------

    def follow(self, job_id: str) -> Iterator[JobView]:
        """A job's views as they change, ending with its final one."""
        for job in self.events(_subscription(f"job:{job_id}")):
            yield job
            if job.state in FINAL_STATES:
                return

    def follow_all(self, user_id: str) -> Iterator[JobView]:
        """Every change of every job of the operator, without end."""
        return self.events(_subscription(f"user:{user_id}"))

    def events(self, opened: "Callable[[ClientConnection], None]") -> Iterator[JobView]:
        """What happens under the topics that ``opened`` subscribes to on a connection. After a background
        server has ended, the next one tells on."""
        from websockets.exceptions import ConnectionClosed, InvalidHandshake

        while True:
            address, again = self.address, self._server.background
            try:
                with self._connected_socket() as socket:
                    opened(socket)
                    while True:
                        message = json.loads(socket.recv())
                        if message["op"] in ("event", "snapshot"):
                            yield JobView.model_validate(message["job"])
            except ConnectionClosed as error:
                refused = error.rcvd is not None and error.rcvd.code in _REFUSALS
                reason = error.rcvd.reason if error.rcvd is not None else ""
                if refused or not again or not self._found_again(address):
                    raise NetworkFault(
                        f"The server at {address} has ended the connection. {reason}".rstrip(),
                        next_step="Jobs go on without it: `dataferry jobs` shows them.",
                    ) from error
            except (OSError, InvalidHandshake) as error:
                if not self._found_again(address):
                    raise unanswered(self.address, error) from error

    def _connected_socket(self) -> "ClientConnection":
        from websockets.sync.client import connect

        ticket = self.call("POST", "/api/auth/ws-ticket", repeatable=True)["ticket"]
        url = self.address.replace("http", "ws", 1) + f"/api/ws?ticket={ticket}"
        proxy: Literal[True] | None = True if self._remote else None
        return connect(url, proxy=proxy, ssl=self._tls, close_timeout=_CLOSE_S)


def _subscription(topic: str) -> "Callable[[ClientConnection], None]":
    return lambda socket: socket.send(json.dumps({"op": "subscribe", "topic": topic}))


def _content(address: str, response: httpx.Response) -> Any:
    """The JSON of an answer. Errors: the one that a problem document tells of; what speaks otherwise."""
    if response.is_success and not response.content:
        return None
    try:
        content = response.json()
        if response.is_success:
            return content
        problem = ProblemWords.of_document(content)
    except (ValueError, AttributeError) as error:  # pydantic's errors are ValueErrors
        raise no_api(address, response) from error
    raise problem.restore()


@contextlib.contextmanager
def opened(settings: Settings, *, user: str | None = None, tell: Tell) -> Iterator[Client]:
    """A client of the server that the settings name, or else of this machine's, which is started where none
    runs and lives as long as the body at least.

    ``user``: an account's e-mail to act as; by default this machine's operator. ``tell`` is given what a
    person should know beside the result, a sentence each.
    """
    if settings.server is not None:
        with contextlib.closing(Client(RemoteServer(settings, user, tell))) as client:
            yield client
        return
    with local_server(settings, user, tell) as server, contextlib.closing(Client(server)) as client:
        yield client
