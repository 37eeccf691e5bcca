"""Which addresses are of the public internet; routes, proxies and tunnels."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import pytest

from dataferry.core.errors import InvalidInput, NetworkFault, PrivateAddress, TransferError
from dataferry.core.types import Http
from dataferry.transfer.http.client import HttpClient
from dataferry.transfer.http.connector import Connector, Proxy, Route, is_public, route_to
from tests.fakes.files import FileServer
from tests.support.certificates import made_certificate
from tests.support.scripted import ScriptedServer

PUBLIC = [
    "8.8.8.8",
    "185.199.108.133",
    "2606:4700::1",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
    "2002:808:808::1",
]
PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


# -- routes ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(connect_timeout_s=5, read_timeout_s=5)
    yield client
    client.close()


@pytest.mark.parametrize(
    ("link", "host", "port", "authority"),
    [
        ("http://Data.Example/x", "data.example", 80, "data.example"),
        ("https://data.example:443/x", "data.example", 443, "data.example"),
        ("http://data.example:443/x", "data.example", 443, "data.example:443"),
        ("https://[2606:4700::1]:8443/x", "2606:4700::1", 8443, "[2606:4700::1]:8443"),
        ("https://bücher.example/x", "xn--bcher-kva.example", 443, "xn--bcher-kva.example"),
    ],
)
def test_routes(link: str, host: str, port: int, authority: str) -> None:
    scheme = link.partition(":")[0]
    assert route_to(urlsplit(link), public_only=True) == Route(scheme, host, port, authority, True, None)


def test_a_name_that_is_none() -> None:
    with pytest.raises(InvalidInput, match="not the name of a host"):
        route_to(urlsplit(f"http://{'ü' * 80}.example/"), public_only=False)


@pytest.mark.parametrize("host", ["a" * 64 + ".invalid", "a..invalid", "nobody.invalid"])
def test_a_name_that_nobody_has(client: HttpClient, host: str) -> None:
    with pytest.raises(NetworkFault, match="is not known"):
        client.open(Http(f"http://{host}/"))


# -- proxies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "proxy"),
    [
        ("http://proxy.example:3128", Proxy("proxy.example", 3128, False, None)),
        ("proxy.example", Proxy("proxy.example", 80, False, None)),
        ("https://proxy.example", Proxy("proxy.example", 443, True, None)),
        ("http://me:p%40ss@[::1]:8/", Proxy("::1", 8, False, "Basic bWU6cEBzcw==")),
    ],
)
def test_proxies(monkeypatch: pytest.MonkeyPatch, setting: str, proxy: Proxy) -> None:
    monkeypatch.setenv("http_proxy", setting)
    assert route_to(urlsplit("http://data.invalid/"), public_only=False).proxy == proxy
    assert route_to(urlsplit("https://data.invalid/"), public_only=False).proxy is None
    assert route_to(urlsplit("http://127.0.0.1/"), public_only=False).proxy is None


@pytest.mark.parametrize("setting", ["socks5://p:1", "http://", "http://p:port", "http://[p", "https://p:1"])
def test_proxies_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("https_proxy", setting)
    with pytest.raises(TransferError, match="proxy of the environment cannot be used") as caught:
        route_to(urlsplit("https://data.invalid/"), public_only=False)
    assert "HTTPS_PROXY" in (caught.value.setting or "")


class TunnelProxy:
    """A proxy that opens tunnels, all of them to one address; its requests are kept."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self._threads = [threading.Thread(target=self._run, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                request = b""
                while not request.endswith(b"\r\n\r\n"):
                    request += near.recv(65536)
                self.requests.append(request)
                near.sendall(b"HTTP/1.0 200 Connection established\r\nProxy-Agent: test\r\n\r\n")
                far = socket.create_connection(self._target)
                for source, sink in ((near, far), (far, near)):
                    self._threads.append(threading.Thread(target=self._carry, args=(source, sink)))
                    self._threads[-1].start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError), sink:
            while received := source.recv(65536):
                sink.sendall(received)
            sink.shutdown(socket.SHUT_RDWR)


def test_a_tunnel_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem, context = made_certificate(tmp_path, "data.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    client = HttpClient()
    with FileServer({"a.bin": b"abc"}, tls=context) as server, TunnelProxy(server.address) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:pw@{proxy.address}")
        for _ in range(2):
            with client.open(Http("https://data.invalid/a.bin")) as response:
                assert response.read(10) == b"abc"
        assert len(proxy.requests) == 1, "the tunnel is kept"
        assert proxy.requests[0].startswith(
            b"CONNECT data.invalid:443 HTTP/1.1\r\nHost: data.invalid:443\r\n"
        )
        assert b"Proxy-Authorization: Basic bWU6cHc=\r\n" in proxy.requests[0]
        sent = server.requests[0]
        assert sent.line == "GET /a.bin HTTP/1.1"
        assert sent.headers["Host"] == "data.invalid"
        assert "Proxy-Authorization" not in sent.headers
        with pytest.raises(TransferError, match=r"certificate of other\.invalid is not trusted"):
            client.open(Http("https://other.invalid/a.bin"))
        with pytest.raises(PrivateAddress):
            client.open(Http("https://10.0.0.1/a.bin", public_only=True))
        assert len(proxy.requests) == 2
        client.close()


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", b"", b"junk"]
)
def test_a_proxy_that_opens_no_tunnel(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    with ScriptedServer([answer]) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(NetworkFault, match="proxy does not connect") as caught:
            client.open(Http("https://data.invalid/a.bin"))
        assert "HTTPS_PROXY" in (caught.value.setting or "")


def test_a_proxy_that_is_spoken_to_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem, context = made_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    client = HttpClient()
    with FileServer({"a.bin": b"abc"}, tls=context) as proxy:
        monkeypatch.setenv("http_proxy", f"https://{proxy.address}")
        with client.open(Http("http://bücher.invalid/a.bin?x")) as response:
            assert response.read(10) == b"abc"
        assert proxy.requests[0].line == "GET http://xn--bcher-kva.invalid/a.bin?x HTTP/1.1"
        client.close()


def test_another_proxy_is_noticed_after_a_fault(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer({"a.bin": b"abc"}) as proxy:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        with pytest.raises(NetworkFault):
            client.open(Http("http://data.invalid/a.bin"))
        monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
        client.open(Http("http://data.invalid/a.bin")).close()


# -- connecting -------------------------------------------------------------------------------------


def test_every_address_of_a_name_is_tried() -> None:
    """The name has ``::1`` first on most machines; the server listens on the other address only."""
    connector = Connector(lambda address: True, connect_timeout_s=5, read_timeout_s=7)
    with FileServer() as server:
        port = int(server.address.rpartition(":")[2])
        sock = connector.connect(Route("http", "localhost", port, f"localhost:{port}", True, None))
        assert sock.getpeername() == ("127.0.0.1", port)
        assert sock.gettimeout() == 7
        sock.close()


def test_hanging_up_ends_an_attempt_to_connect() -> None:
    connector = Connector(lambda address: True, connect_timeout_s=60, read_timeout_s=60)
    with contextlib.ExitStack() as stack:
        # Nobody accepts, and the queue of those who wait is full: the next one gets no answer.
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        port = listener.getsockname()[1]
        faults: list[Exception] = []
        connecting = threading.Event()

        def connect() -> None:
            connecting.set()
            try:
                connector.connect(Route("http", "127.0.0.1", port, "", False, None))
            except NetworkFault as error:
                faults.append(error)

        thread = threading.Thread(target=connect)
        thread.start()
        connecting.wait(5)
        connector.shutdown()
        thread.join(10)
        assert not thread.is_alive()
        assert len(faults) == 1
