"""Which connections are used again, and what odd servers come to."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from dataferry.core.errors import InvalidInput, NetworkFault, TransferError
from dataferry.core.types import Http
from dataferry.transfer.http.client import HttpClient
from tests.fakes.files import FileServer
from tests.support.programs import unavailable
from tests.support.scripted import ScriptedServer

AB = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
CD = AB.replace(b"ab", b"cd")


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(connections=2, connect_timeout_s=2, read_timeout_s=5)
    yield client
    client.close()


def get(client: HttpClient, url: str) -> bytes:
    with client.open(Http(url)) as response:
        return response.read(1 << 20)


# -- kept connections -----------------------------------------------------------------------------


def test_a_kept_connection_that_has_ended_is_replaced(client: HttpClient) -> None:
    with ScriptedServer([AB], [CD]) as server:
        assert get(client, server.url()) == b"ab"
        assert server.played.wait(5)
        assert get(client, server.url()) == b"cd"
        assert [len(asked) for asked in server.requests] == [1, 1]


def test_it_is_replaced_only_once(client: HttpClient) -> None:
    with ScriptedServer([AB], [b""]) as server:
        assert get(client, server.url()) == b"ab"
        assert server.played.wait(5)
        with pytest.raises(NetworkFault, match=r"connection to 127\.0\.0\.1 broke"):
            get(client, server.url())
        assert len(server.requests) == 2


def test_a_new_connection_is_not_replaced(client: HttpClient) -> None:
    with ScriptedServer([b""], [AB]) as server:
        with pytest.raises(NetworkFault, match="broke"):
            get(client, server.url())
        assert len(server.requests) == 1


def test_an_answer_that_has_begun_is_not_asked_for_again(client: HttpClient) -> None:
    with ScriptedServer([AB, b"HTTP/1.1 200 OK\r\nContent-"], [CD]) as server:
        assert get(client, server.url()) == b"ab"
        with pytest.raises(NetworkFault, match="broke"):
            get(client, server.url())
        assert len(server.requests) == 1


def test_what_comes_after_a_body_is_nobodys_answer(client: HttpClient) -> None:
    with ScriptedServer(
        [AB + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"], [CD], linger=True
    ) as server:
        assert get(client, server.url()) == b"ab"
        assert get(client, server.url()) == b"cd"


def test_an_unread_body_closes_its_connection(client: HttpClient) -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    with ScriptedServer([large], [CD], linger=True) as server:
        client.open(Http(server.url())).close()
        assert get(client, server.url()) == b"cd"


def test_a_refusal_that_nobody_reads_leaves_its_connection_open(client: HttpClient) -> None:
    with ScriptedServer([b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", CD]) as server:
        client.open(Http(server.url())).close()
        assert get(client, server.url()) == b"cd"
        assert len(server.requests) == 1


def test_the_connection_used_last_is_used_first(client: HttpClient) -> None:
    with FileServer({"a.bin": b"ab"}) as server:
        first, second = (client.open(Http(server.url("a.bin"))) for _ in range(2))
        for response in (first, second):
            assert response.read(10) == b"ab"
            response.close()
        used = client.open(Http(server.url("a.bin")))
        assert used._connection is second._connection
        used.close()
        assert server.connections == 2


def test_only_so_many_are_kept() -> None:
    client = HttpClient(connections=1)
    with FileServer({"a.bin": b"ab"}) as server:
        for _ in range(2):
            together = [client.open(Http(server.url("a.bin"))) for _ in range(6)]
            for response in together:
                assert response.read(10) == b"ab"
                response.close()
    client.close()
    assert server.connections == 6 + 2


def test_many_threads_share_few_connections(client: HttpClient) -> None:
    with FileServer({f"{n}.bin": bytes([n]) * 1000 for n in range(200)}) as server:
        wrong: list[int] = []

        def fetch(numbers: range) -> None:
            wrong.extend(n for n in numbers if get(client, server.url(f"{n}.bin")) != bytes([n]) * 1000)

        threads = [threading.Thread(target=fetch, args=(range(start, 200, 8),)) for start in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert server.connections <= 8


def test_a_closed_answer_is_not_read_any_more(client: HttpClient) -> None:
    with ScriptedServer([AB, CD], linger=True) as server:
        with client.open(Http(server.url())) as old:
            assert old.read(10) == b"ab"
        with client.open(Http(server.url())) as response:
            with pytest.raises(NetworkFault):
                old.read1()
            assert response.read(10) == b"cd"


def test_an_answer_is_closed_once(client: HttpClient) -> None:
    with FileServer({"a.bin": b"ab"}) as server:
        closed: list[int] = []
        response = client.open(Http(server.url("a.bin")))
        response.on_close = lambda: closed.append(1)
        response.close()
        response.close()
        assert closed == [1]
        both = [client.open(Http(server.url("a.bin"))) for _ in range(2)]
        assert both[0]._connection is not both[1]._connection
        for each in both:
            each.close()


def test_a_client_that_is_closed_keeps_nothing(client: HttpClient) -> None:
    with FileServer({"a.bin": b"ab"}) as server:
        response = client.open(Http(server.url("a.bin")))
        client.close()
        assert response.read(10) == b"ab"
        response.close()
        assert get(client, server.url("a.bin")) == b"ab"
        assert server.connections == 2


# -- odd servers ----------------------------------------------------------------------------------


def test_a_server_that_does_not_speak_http(client: HttpClient) -> None:
    with ScriptedServer([b"SSH-2.0-OpenSSH_9.2\r\n"], linger=True) as server:
        with pytest.raises(TransferError, match=r"127\.0\.0\.1 does not answer in HTTP") as caught:
            get(client, server.url("a.bin?sig=secret"))
        assert not caught.value.transient
        assert "secret" not in caught.value.detail


def test_a_server_that_says_nothing() -> None:
    client = HttpClient(read_timeout_s=0.05)
    with (
        ScriptedServer([b"", AB], linger=True) as server,
        pytest.raises(NetworkFault, match=r"sent nothing for 0\.05 s"),
    ):
        get(client, server.url())
    client.close()


def test_a_kept_connection_that_falls_silent_is_a_fault() -> None:
    client = HttpClient(read_timeout_s=0.05)
    with ScriptedServer([AB, b"", AB], linger=True) as server:
        assert get(client, server.url()) == b"ab"
        with pytest.raises(NetworkFault, match="sent nothing"):
            get(client, server.url())
        assert len(server.requests) == 1
    client.close()


def test_a_large_redirect_is_followed_without_its_body() -> None:
    client, started = HttpClient(read_timeout_s=30), time.monotonic()
    far = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 1000000\r\n\r\n<html>"
    with ScriptedServer([far], [CD], linger=True) as server:
        assert get(client, server.url()) == b"cd"
    assert time.monotonic() - started < 20
    client.close()


def test_hanging_up_is_not_the_end_of_a_body_without_a_length() -> None:
    client = HttpClient(read_timeout_s=30)
    with ScriptedServer([b"HTTP/1.1 200 OK\r\n\r\nab"], linger=True) as server:
        response = client.open(Http(server.url()))
        assert response.read1() == b"ab"
        client.shutdown()
        with response, pytest.raises(NetworkFault):
            response.read1()
    client.close()


def test_hanging_up_ends_a_handshake() -> None:
    client = HttpClient(connect_timeout_s=30, read_timeout_s=30)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ended: list[Exception] = []

        def ask() -> None:
            try:
                client.open(Http(f"https://127.0.0.1:{silent.getsockname()[1]}/"))
            except NetworkFault as error:
                ended.append(error)

        started = time.monotonic()
        thread = threading.Thread(target=ask)
        thread.start()
        peer, _ = silent.accept()
        peer.recv(1)  # the handshake has begun
        client.shutdown()
        thread.join(20)
        peer.close()
    assert len(ended) == 1
    assert time.monotonic() - started < 20
    client.close()


# -- what is sent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("a b.bin", "/a%20b.bin"),
        ("café.bin?q=ö", "/caf%C3%A9.bin?q=%C3%B6"),
        ("100%.csv", "/100%25.csv"),
        ("a%2fb?sig=a%2Fb%3d&x=1+2&y=(z)*~", "/a%2fb?sig=a%2Fb%3d&x=1+2&y=(z)*~"),
        ('x"y<z>|{1}[2]', "/x%22y%3Cz%3E%7C%7B1%7D%5B2%5D"),
        ("", "/"),
        ("?x=1", "/?x=1"),
        ("a.bin#part", "/a.bin"),
        ("a\r\nX-Evil: 1", "/aX-Evil:%201"),
    ],
)
def test_links_as_they_are_asked_for(client: HttpClient, path: str, sent: str) -> None:
    with ScriptedServer([AB]) as server:
        get(client, server.url(path))
        assert server.requests[0][0].startswith(f"GET {sent} HTTP/1.1\r\nHost: ".encode())


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "“pasted”"])
def test_headers_that_cannot_be_sent(client: HttpClient, value: str) -> None:
    with ScriptedServer([AB]) as server:
        with pytest.raises(InvalidInput, match="letters that a header cannot") as caught:
            client.open(Http(server.url(), headers={"Authorization": value}))
        assert value not in caught.value.detail
        assert server.requests == []


def test_an_address_in_brackets(client: HttpClient) -> None:
    try:
        server = ScriptedServer([AB], host="::1")
    except OSError:
        unavailable("wants an IPv6 address on this machine")
    with server:
        assert get(client, f"http://[::1]:{server.port}/a") == b"ab"
        assert b"\r\nHost: [::1]:%d\r\n" % server.port in server.requests[0][0]
