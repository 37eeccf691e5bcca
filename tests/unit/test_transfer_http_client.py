"""The HTTP client: redirects, the guard, proxies, certificates, kept connections."""

import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from dataferry.core.errors import InvalidInput, NetworkFault, PrivateAddress, TransferError
from dataferry.core.types import Http
from dataferry.transfer.http.client import HttpClient, open_http
from dataferry.transfer.http.resolved_url import ResolvedUrl
from dataferry.transfer.http.urls import same_origin
from tests.fakes.files import FileServer
from tests.support.certificates import made_certificate

SECRET = {"Authorization": "Bearer secret", "X-Api-Key": "also secret"}


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"a.bin": b"abc" * 100, "b.bin": b"b"}) as server:
        yield server


@pytest.fixture
def other() -> Iterator[FileServer]:
    """Another host, whose address is the second of the loopback."""
    with FileServer({"a.bin": b"elsewhere"}, host="127.0.0.2") as server:
        yield server


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(connections=2, connect_timeout_s=2, read_timeout_s=5)
    yield client
    client.close()


# -- asking --------------------------------------------------------------------------------------


def test_a_look_at_a_link(server: FileServer) -> None:
    with open_http(Http(server.url("a.bin")), headers={"Range": "bytes=0-2"}) as response:
        assert response.status == 206
        assert response.headers["content-range"] == "bytes 0-2/300"
        assert "etag" in response.headers
        assert response.read(100) == b"abc"
    with open_http(Http(server.url("a.bin")), method="HEAD") as response:
        assert (response.status, response.length, response.read(10)) == (200, 300, b"")
    with open_http(Http(server.url("nothing"))) as response:
        assert response.status == 404


def test_what_is_sent(server: FileServer, client: HttpClient) -> None:
    client.open(Http(server.url("a.bin"), headers=SECRET)).close()
    sent = server.requests[0].headers
    assert sent["Accept-Encoding"] == "identity"
    assert sent["User-Agent"].startswith("dataferry/")
    assert sent["Authorization"] == "Bearer secret"
    assert sent["Host"] == server.address


def test_a_user_in_the_link_becomes_a_header(server: FileServer, client: HttpClient) -> None:
    client.open(Http(server.url("a.bin").replace("://", "://ada:p%40ss@"))).close()
    assert server.requests[0].headers["Authorization"] == "Basic YWRhOnBAc3M="
    assert "ada" not in server.requests[0].line


def test_signed_queries_arrive_as_they_were_signed(server: FileServer, client: HttpClient) -> None:
    client.open(Http(server.url("a.bin", "sig=a%2Fb%3D&x=1+2"))).close()
    assert "?sig=a%2Fb%3D&x=1+2 " in server.requests[0].line


def test_connections_are_kept(server: FileServer, client: HttpClient) -> None:
    server.fault("moved", "redirect", to="/a.bin")
    for path in ("a.bin", "moved", "b.bin", "nothing"):
        with client.open(Http(server.url(path))) as response:
            response.read(1000)
    client.open(Http(server.url("a.bin")), method="HEAD").close()
    client.open(Http(server.url("a.bin"))).close()
    assert server.connections == 1


def test_bodies_are_read_into_a_buffer(server: FileServer, client: HttpClient) -> None:
    server.fault("b.bin", "no_length")
    for path, body in (("a.bin", b"abc" * 100), ("b.bin", b"b")):
        buffer, got = memoryview(bytearray(7)), b""
        with client.open(Http(server.url(path))) as response:
            while count := response.readinto(buffer):
                got += bytes(buffer[:count])
        assert got == body
    server.fault("a.bin", "drop", after=10)
    with client.open(Http(server.url("a.bin"))) as response, pytest.raises(NetworkFault, match="broke"):
        list(iter(lambda: response.readinto(buffer), 0))


@pytest.mark.parametrize("link", ["file:///etc/passwd", "gopher://x", "http://", "//x", "http://a\\@b/", ""])
def test_not_a_link(client: HttpClient, link: str) -> None:
    with pytest.raises(InvalidInput):
        client.open(Http(link))


def test_nobody_listens(client: HttpClient) -> None:
    with FileServer() as gone:
        link = gone.url("a.bin", "sig=secret")
    with pytest.raises(NetworkFault, match=r"127\.0\.0\.1 cannot be reached") as caught:
        client.open(Http(link))
    assert "secret" not in caught.value.detail


# -- redirects -----------------------------------------------------------------------------------


def test_secrets_stay_with_their_own_host(server: FileServer, other: FileServer, client: HttpClient) -> None:
    server.fault("away", "redirect", to=other.url("a.bin"))
    with client.open(Http(server.url("away"), headers=SECRET), headers={"Range": "bytes=4-"}) as response:
        assert response.read(100) == b"where"
    sent = other.requests[0].headers
    assert "Authorization" not in sent
    assert "X-Api-Key" not in sent
    assert sent["Range"] == "bytes=4-"


def test_secrets_do_not_come_back_either(server: FileServer, other: FileServer, client: HttpClient) -> None:
    server.fault("away", "redirect", to=other.url("back"))
    other.fault("back", "redirect", to=server.url("a.bin"))
    client.open(Http(server.url("away"), headers=SECRET)).close()
    assert "Authorization" not in server.requests[1].headers


def test_secrets_follow_on_their_own_host(server: FileServer, client: HttpClient) -> None:
    server.fault("moved", "redirect", to="a.bin")
    client.open(Http(server.url("moved"), headers=SECRET)).close()
    assert server.requests[1].headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://h/a", "http://h/b", True),
        ("http://h/a", "http://h:80/b", True),
        ("http://h/a", "https://h/a", True),
        ("https://h/a", "https://h:444/a", False),
        ("http://h:8080/a", "https://h/a", False),
        ("https://h/a", "https://g/a", False),
        ("https://h/a", "https://sub.h/a", False),
    ],
)
def test_same_origin(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same


def test_redirects_end(server: FileServer, client: HttpClient) -> None:
    server.fault("loop", "redirect", to="/loop")
    with pytest.raises(TransferError, match="more than 20 times"):
        client.open(Http(server.url("loop")))
    assert len(server.requests) == 21


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://x/y", "http://[bad/", "javascript:1"])
def test_redirects_lead_to_the_web_only(server: FileServer, client: HttpClient, to: str) -> None:
    server.fault("odd", "redirect", to=to)
    with pytest.raises(TransferError, match="not a web address"):
        client.open(Http(server.url("odd")))


@pytest.mark.parametrize(
    ("to", "sent"),
    [
        ("/30_Digital Onboarding/a.bin", "/30_Digital%20Onboarding/a.bin"),  # gradle-download-task#336
        (" /a.bin ", "/a.bin"),
        ("/d\u00c3\u00a4ta.bin", "/d%C3%A4ta.bin"),  # iflytek/skillhub#674
    ],
)
def test_redirects_that_are_not_quite_urls(
    server: FileServer, client: HttpClient, to: str, sent: str
) -> None:
    server.fault("odd", "redirect", to=to)
    client.open(Http(server.url("odd"))).close()
    assert server.requests[1].line.split()[1] == sent


def test_a_redirect_with_too_many_slashes(server: FileServer, client: HttpClient) -> None:
    """curl/curl#12147: browsers take three for two."""
    server.fault("odd", "redirect", to=server.url("a.bin").replace("//", "///"))
    with client.open(Http(server.url("odd"))) as response:
        assert response.read(1000) == b"abc" * 100


# -- the guard ------------------------------------------------------------------------------------


def test_private_addresses_are_refused_when_connecting(server: FileServer, client: HttpClient) -> None:
    port = server.address.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"):
        with pytest.raises(PrivateAddress):
            client.open(Http(f"http://{host}:{port}/a.bin", public_only=True))
    assert server.connections == 0


def test_a_connection_without_the_guard_serves_nobody_with_it(server: FileServer, client: HttpClient) -> None:
    with client.open(Http(server.url("a.bin"))) as response:
        response.read(1000)
    with pytest.raises(PrivateAddress):
        client.open(Http(server.url("a.bin"), public_only=True))


def test_redirects_are_judged_at_every_hop(server: FileServer, other: FileServer) -> None:
    server.fault("trap", "redirect", to=other.url("a.bin"))
    client = HttpClient(allowed=lambda address: address == ip_address("127.0.0.1"))
    with client.open(Http(server.url("a.bin"), public_only=True)) as response:
        assert response.status == 200
    with pytest.raises(PrivateAddress, match=r"127\.0\.0\.2"):
        client.open(Http(server.url("trap"), public_only=True))
    client.close()
    assert other.connections == 0


def test_a_name_keeps_its_host_header_under_the_guard(server: FileServer) -> None:
    port = server.address.rpartition(":")[2]
    client = HttpClient(allowed=lambda address: address.is_loopback)
    with client.open(Http(f"http://localhost:{port}/a.bin", public_only=True)) as response:
        assert response.status == 200
    client.close()
    assert server.requests[0].headers["Host"] == f"localhost:{port}"


# -- proxies and certificates ---------------------------------------------------------------------


def test_the_environments_proxy_is_used(
    server: FileServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:pw@{server.address}")
    with client.open(Http("http://data.invalid/a.bin")) as response:
        assert response.read(3) == b"abc"
    assert "http://data.invalid/a.bin" in server.requests[0].line
    assert server.requests[0].headers["Proxy-Authorization"] == "Basic bWU6cHc="
    with pytest.raises(PrivateAddress):
        client.open(Http("http://10.0.0.1/a.bin", public_only=True))
    assert len(server.requests) == 1


def test_loopback_and_exceptions_go_past_the_proxy(
    server: FileServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    client.open(Http(server.url("a.bin"))).close()
    with pytest.raises(NetworkFault, match="proxy"):
        client.open(Http("http://data.invalid/a.bin"))
    monkeypatch.setenv("no_proxy", "data.invalid")
    with pytest.raises(NetworkFault, match=r"name data\.invalid is not known"):
        client.open(Http("http://data.invalid/a.bin"))


def test_tls_with_an_authority_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem, context = made_certificate(tmp_path)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with FileServer({"a.bin": b"abc"}, tls=context) as server:
        with pytest.raises(TransferError, match="not trusted") as caught:
            open_http(Http(server.url("a.bin")))
        assert not caught.value.transient
        assert "SSL_CERT_FILE" in (caught.value.setting or "")
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            with monkeypatch.context() as environment:
                environment.setenv(name, str(pem))
                with open_http(Http(server.url("a.bin"))) as response:
                    assert response.read(10) == b"abc"
        # The name that was asked for is the one that is verified, guard or not.
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        client = HttpClient(allowed=lambda address: address.is_loopback)
        link = server.url("a.bin").replace("127.0.0.1", "localhost")
        client.open(Http(link, public_only=True)).close()
        client.close()


def test_a_redirect_from_https_to_http_is_refused(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, context = made_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with FileServer(tls=context) as secure:
        secure.fault("down", "redirect", to=server.url("a.bin"))
        with pytest.raises(TransferError, match="from https to http"):
            open_http(Http(secure.url("down")))
    assert server.requests == []


def test_unreadable_authorities_are_named(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(TransferError, match=r"missing\.pem"):
        open_http(Http(server.url("a.bin").replace("http:", "https:")))


# -- leases and hanging up ------------------------------------------------------------------------


def test_a_lease_is_renewed_once_however_many_notice() -> None:
    renewals = []
    together = threading.Barrier(8)

    def refresh() -> Http:
        renewals.append(1)
        return Http("http://x/new", refresh=refresh)

    old = Http("http://x/old", refresh=refresh)
    resolved = ResolvedUrl(old)

    def notice() -> None:
        together.wait()
        assert resolved.renew(old)

    threads = [threading.Thread(target=notice) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(renewals) == 1
    assert resolved.origin.url == "http://x/new"
    fixed = Http("http://x/fixed")
    assert not ResolvedUrl(fixed).renew(fixed)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("after", [0, 3])
def test_hanging_up_wakes_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: bool, after: int
) -> None:
    pem, context = made_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    client = HttpClient(read_timeout_s=30)
    waker = threading.Timer(0.05, client.shutdown)

    def read_on() -> None:
        with client.open(Http(server.url("a.bin"))) as response:
            assert response.read(3) == b"abc"
            response.read1()

    with FileServer({"a.bin": b"abc" * 100}, tls=context if tls else None) as server:
        server.fault("a.bin", "stall" if after else "slow_first_byte", after=after, seconds=30)
        waker.start()
        with pytest.raises(NetworkFault):
            read_on()
        waker.join()
        with pytest.raises(NetworkFault):
            client.open(Http(server.url("b.bin")))
    client.close()
