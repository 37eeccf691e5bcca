"""The page as the app serves it, its headers, and the API's reference."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dataferry.api.problems import install_problems
from dataferry.api.security_headers import SecurityHeaders, content_policy
from dataferry.api.static import RESERVED_SEGMENTS, WEB, install_page

SCRIPT = '\n      document.documentElement.classList.add("dark")\n    '
INDEX = f"""<!doctype html><html><head><title>Page</title><script>{SCRIPT}</script>
<script type="module" src="/assets/index-abc123.js"></script></head><body></body></html>"""


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A build: a page, an icon and an asset with a hash in its name."""
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text(INDEX, "utf-8")
    (web / "favicon.svg").write_text("<svg/>")
    (web / "assets" / "index-abc123.js").write_text("export {}")
    (tmp_path / "secret.key").write_text("hunter2")
    return web


def page_of(web: Path) -> TestClient:
    """A small app with the page, between a route of its own and the headers."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    install_problems(app)

    @app.post("/api/things")
    def things() -> str:
        return "made"

    install_page(app, web)
    app.add_middleware(SecurityHeaders, web=web)
    return TestClient(app, base_url="http://localhost:8000")


@pytest.fixture
def page(web: Path) -> TestClient:
    return page_of(web)


@pytest.mark.parametrize(
    "path",
    ["/", "/index.html", "/login", "/library/builtin:iris", "/library/huggingface:a~b.v2", "/chats/c_1"],
)
def test_every_screen_is_the_page(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert (answer.status_code, answer.text) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert page.head(path).status_code == 200


def test_the_service_worker_is_asked_for_again_and_rules_the_whole_page(web: Path) -> None:
    (web / "sw.js").write_text("self")
    page = page_of(web)
    worker = page.get("/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["content-type"].startswith("text/javascript")
    policy = directives(worker.headers["content-security-policy"])
    assert policy["worker-src"] == policy["connect-src"] == ["'self'"]
    again = page.get("/sw.js", headers={"If-None-Match": worker.headers["etag"]})
    assert again.status_code == 304


def test_without_a_service_worker_its_path_is_no_screen(page: TestClient) -> None:
    """A browser that has an older one must not take the page for its update."""
    assert page.get("/sw.js").status_code == 404


def test_the_service_worker_knows_what_is_no_screen() -> None:
    source = Path(__file__).parents[2] / "frontend" / "src" / "worker" / "worker.ts"
    reserved = re.search(r"const RESERVED = \[(.*?)\]", source.read_text("utf-8"), re.DOTALL)
    assert reserved
    assert set(re.findall(r'"([\w.-]+)"', reserved[1])) == RESERVED_SEGMENTS


def test_assets_are_kept_for_a_year_and_the_page_is_asked_for_again(page: TestClient) -> None:
    asset = page.get("/assets/index-abc123.js")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    icon = page.get("/favicon.svg")
    assert (icon.status_code, icon.headers["cache-control"]) == (200, "no-cache")
    assert icon.headers["content-type"] == "image/svg+xml"
    index = page.get("/")
    again = page.get("/", headers={"If-None-Match": index.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        *("/assets/none.js", "/assets/", "/assets", "/api/none", "/api", "/api/", "/docs", "/hub/none"),
        *("/metrics", "/robots.txt", "/favicon.ico", "/.env"),
    ],
)
def test_what_is_no_screen_is_missing(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/../secret.key",
            "/%2e%2e/secret.key",
            "/assets/../../secret.key",
            "/assets/%2e%2e/%2e%2e/secret.key",
        ),
        *("//etc/passwd", "/%2fetc/passwd", "/%00", "/" + "x" * 5000),
    ],
)
def test_nothing_outside_the_build_is_served(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code < 500
    assert "hunter2" not in answer.text
    assert "root:" not in answer.text


def test_a_routes_other_methods_are_not_the_page(page: TestClient) -> None:
    assert page.post("/api/things").json() == "made"
    answer = page.get("/api/things")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert page.post("/library").status_code == 405
    assert page.post("/api/none").status_code == 404


def test_a_socket_that_is_not_there_is_refused(page: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), page.websocket_connect("/none"):
        pass


def test_without_a_build_it_says_what_to_do(tmp_path: Path) -> None:
    page = page_of(tmp_path / "nothing")
    answer = page.get("/library")
    assert answer.status_code == 503
    assert "make setup" in answer.text
    assert page.get("/api/docs").status_code == 200
    assert page.get("/api/none").json()["code"] == "not_found"


# -- headers --------------------------------------------------------------------------------------


def directives(policy: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}


def test_the_page_may_load_only_what_it_brought(page: TestClient) -> None:
    policy = directives(page.get("/").headers["content-security-policy"])
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert policy["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert policy["connect-src"] == policy["form-action"] == ["'self'"]
    assert not any("http" in word or "*" in word for words in policy.values() for word in words)


@pytest.mark.parametrize(
    "path", ["/", "/assets/index-abc123.js", "/api/none", "/api/docs", "/api/openapi.json"]
)
def test_every_answer_has_the_headers(page: TestClient, path: str) -> None:
    headers = page.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    assert ("no-store" in headers["cache-control"]) == path.startswith("/api/")


def test_https_is_asked_for_again_only_where_it_is_there(web: Path) -> None:
    client = page_of(web)
    secure = TestClient(client.app, base_url="https://data.example.org")
    assert "max-age=31536000" in secure.get("/").headers["strict-transport-security"]


def test_the_built_page_has_no_script_that_the_policy_forbids() -> None:
    """Of the true build where there is one, else of what it is built from."""
    source = Path(__file__).parents[2] / "frontend" / "index.html"
    folder = WEB if (WEB / "index.html").is_file() else source.parent
    html = (folder / "index.html").read_text("utf-8")
    allowed = directives(content_policy(folder))["script-src"]
    inline = [
        body
        for tag, body in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
        if "src=" not in tag
    ]
    for body in inline:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'" in allowed
    assert len(allowed) == 1 + len(inline)
    assert not re.search(r"\son\w+=", html)


# -- the API's reference --------------------------------------------------------------------------


class Links(HTMLParser):
    """Anchors of a page and what it links to; its tags must be balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.addresses: set[str] = set()
        self.tags: set[str] = set()
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "link", "br"):
            self._open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            elif name == "href" and str(value).startswith("#"):
                self.targets.add(str(value)[1:])
            elif name in ("href", "src"):
                self.addresses.add(str(value))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


@pytest.fixture
def reference(client: TestClient) -> str:
    answer = client.get("/api/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def test_the_reference_has_every_route_and_type(app: FastAPI, reference: str) -> None:
    document = app.openapi()
    page = Links(reference)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"] in page.ids
            assert f"{method.upper()}</span>{path}" in reference
    for name in document["components"]["schemas"]:
        assert f"type-{name}" in page.ids
    assert page.targets <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_the_reference_needs_nothing_from_elsewhere(reference: str) -> None:
    page = Links(reference)
    assert not page.tags & {"script", "img", "iframe"}
    assert page.addresses == {"/favicon.svg", "/api/openapi.json"}
    assert "http://localhost:8000/api/auth/token" in reference


def test_open_routes_are_marked(app: FastAPI, reference: str) -> None:
    open_routes = sum(
        not operation["security"]
        for operations in app.openapi()["paths"].values()
        for operation in operations.values()
    )
    assert reference.count('class="open"') == open_routes


def test_what_a_description_says_stays_text(app: FastAPI) -> None:
    @app.get("/api/test/{script}", description="`<b>` and <script>alert(1)</script>")
    def nasty(script: str) -> None: ...

    html = TestClient(app, base_url="http://a<b>").get("/api/docs").text
    assert "<code>&lt;b&gt;</code> and &lt;script&gt;" in html
    assert "<script>" not in html
    assert "a<b>" not in html


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br, zstd", "br"), ("br;q=0, gzip", None), ("gzip", None), ("", None)],
)
@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/c/chat_1", "index.html", "text/html; charset=utf-8"),
        ("/assets/index-abc123.js", "assets/index-abc123.js", "text/javascript; charset=utf-8"),
    ],
)
def test_the_copy_that_the_build_compressed_is_served_to_those_who_take_it(
    web: Path, path: str, name: str, kind: str, accepted: str, encoding: str | None
) -> None:
    (web / f"{name}.br").write_bytes(b"compressed")
    client = page_of(web)
    with client.stream("GET", path, headers={"Accept-Encoding": accepted}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == encoding
    assert (body == b"compressed") is (encoding == "br")
    assert answer.headers["content-type"] == kind
    assert answer.headers["vary"] == "Accept-Encoding"
    assert ("immutable" in answer.headers["cache-control"]) is path.startswith("/assets/")
