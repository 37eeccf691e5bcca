"""Cookies on the way of redirects: back to the host that set them, nowhere else, and then forgotten."""

from collections.abc import Iterator

import pytest

from dataferry.core.errors import TransferError
from dataferry.core.types import Http
from dataferry.transfer.http.client import HttpClient
from tests.support.links import Asked, LinkServer, Page

BODY = b"a,b\n1,2\n"


@pytest.fixture
def server() -> Iterator[LinkServer]:
    with LinkServer() as server:
        yield server


@pytest.fixture
def other() -> Iterator[LinkServer]:
    with LinkServer("127.0.0.2") as server:
        yield server


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(connections=1, connect_timeout_s=2, read_timeout_s=5)
    yield client
    client.close()


def read(client: HttpClient, url: str, **origin: object) -> bytes:
    with client.open(Http(url, **origin)) as response:  # type: ignore[arg-type]
        assert response.status == 200
        return response.read(10_000)


def moved(to: str, *cookies: str) -> Page:
    return Page(b"", 302, [("Location", to), *(("Set-Cookie", cookie) for cookie in cookies)])


def sent(server: LinkServer) -> list[str | None]:
    return [asked.headers.get("Cookie") for asked in server.requests]


def test_a_host_that_redirects_to_itself_until_it_sees_its_cookie(
    server: LinkServer, client: HttpClient
) -> None:
    """encode/httpx#821, guzzle/guzzle#1573."""

    def answer(asked: Asked) -> Page:
        warned = "download_warning=yes" in asked.headers.get("Cookie", "")
        return Page(BODY) if warned else moved("/data.csv", "download_warning=yes; Path=/; Max-Age=60")

    server.pages["/data.csv"] = answer
    assert read(client, f"http://{server.host}/data.csv") == BODY
    assert sent(server) == [None, "download_warning=yes"]
    assert read(client, f"http://{server.host}/data.csv") == BODY
    assert sent(server)[2:] == [None, "download_warning=yes"], "the next chain begins without"


def test_a_cookie_of_another_page_of_the_host(server: LinkServer, client: HttpClient) -> None:
    """aio-libs/aiohttp#56: A leads to B, which sets a cookie and leads back."""
    server.pages["/a"] = lambda asked: Page(BODY) if asked.headers.get("Cookie") else moved("/b")
    server.pages["/b"] = moved("/a", "one=1; Path=/", "two=2; Path=/b", "three=3; Path=/")
    assert read(client, f"http://{server.host}/a") == BODY
    assert sent(server) == [None, None, "one=1; three=3"]


def test_cookies_go_to_no_other_host(server: LinkServer, other: LinkServer, client: HttpClient) -> None:
    domains = ["", "; Domain=127.0.0.2", "; Domain=.0.0.2", "; Domain=127.0.0.1", "; Domain=localhost"]
    cookies = [f"c{number}=1; Path=/{domain}" for number, domain in enumerate(domains)]
    server.pages["/start"] = moved(f"http://{other.host}/middle", *cookies)
    other.pages["/middle"] = moved(f"http://{server.host}/end", "theirs=1")
    server.pages["/end"] = Page(BODY)
    with LinkServer() as neighbour:  # the same address, another port
        neighbour.pages["/x"] = moved(f"http://{server.host}/start", "neighbours=1; Path=/")
        assert read(client, f"http://{neighbour.host}/x") == BODY
    assert sent(other) == [None]
    assert sent(server) == [None, "c0=1; c3=1"]


def test_rules_of_cookies(server: LinkServer, client: HttpClient) -> None:
    server.pages["/a"] = moved(
        "/b",
        "plain=1",
        "secure=1; Secure",
        "elsewhere=1; Path=/other",
        "old=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "gone=1; Max-Age=0",
        "lätin=ü",
        "no name at all",
    )
    server.pages["/b"] = moved("/c", "plain=2")
    server.pages["/c"] = Page(BODY)
    assert read(client, f"http://{server.host}/a") == BODY
    assert sent(server)[0] is None
    assert "plain=1" in (sent(server)[1] or "")
    assert "plain=2" in (sent(server)[2] or "")
    assert not any(word in str(sent(server)) for word in ("secure", "elsewhere", "old", "gone"))


def test_a_loop_that_no_cookie_ends_is_left(server: LinkServer, client: HttpClient) -> None:
    """axios/axios#4832."""
    server.pages["/a"] = lambda asked: moved("/a", f"try={asked.number}")
    with pytest.raises(TransferError, match="more than 20 times"):
        read(client, f"http://{server.host}/a")
    assert sent(server)[-1] == "try=19"


def test_a_cookie_that_the_caller_gives_stays(server: LinkServer, client: HttpClient) -> None:
    server.pages["/a"] = moved("/b", "theirs=1")
    server.pages["/b"] = Page(BODY)
    read(client, f"http://{server.host}/a", headers={"Cookie": "mine=1"})
    assert sent(server) == ["mine=1", "mine=1"]
