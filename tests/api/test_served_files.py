"""Files of the library on their way to somebody's own computer: whole, in ranges, and all in one archive."""

import io
import json
import zipfile
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pytest

from tests.support.hubs import make_hubs
from tests.support.links import LinkServer, Page
from tests.support.preloaded import run
from tests.support.server import PASSWORD, Client, Server

HEART = "andrewmvd/heart-failure-clinical-data"
KEY = "kaggle:andrewmvd~heart-failure-clinical-data"
FILES = f"/api/datasets/{KEY}/files"
ARCHIVE = f"/api/datasets/{KEY}/archive"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    hubs = make_hubs()
    with (
        hubs.kaggle,
        hubs.hub,
        Server(tmp_path_factory.mktemp("served") / "data", **hubs.settings) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    ada = server.client()
    asked = ada.post("/api/datasets/download/kaggle", json={"dataset_id": HEART}, headers={"Prefer": "wait"})
    assert asked.status_code == 200, asked.text
    return ada


@pytest.fixture(scope="module")
def file(ada: Client) -> dict[str, str]:
    return ada.get(FILES).json()["files"][0]  # type: ignore[no-any-return]


@pytest.fixture
def browser(server: Server, ada: Client) -> Iterator[httpx.Client]:
    """Ada's browser: it keeps cookies, and its own downloads bear no token."""
    with httpx.Client(base_url=server.address) as browser:
        form = {"username": "ada@example.org", "password": PASSWORD}
        signed_in = browser.post("/api/auth/token", data=form)
        token = signed_in.json()["access_token"]
        allowed = browser.post(
            f"/api/datasets/{KEY}/browser-access", headers={"Authorization": f"Bearer {token}"}
        )
        assert allowed.json()["address"] == f"/api/datasets/{KEY}/", allowed.text
        yield browser


def test_a_file_comes_as_it_was_verified(ada: Client, file: dict[str, str]) -> None:
    answer = ada.get(f"{FILES}/{file['path']}")
    assert answer.status_code == 200
    assert sha256(answer.content).hexdigest() == file["sha256"]
    assert answer.headers["ETag"] == f'"{file["sha256"]}"'
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "Content-Encoding" not in answer.headers
    again = ada.get(f"{FILES}/{file['path']}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_download_that_broke_off_goes_on(ada: Client, file: dict[str, str]) -> None:
    path = f"{FILES}/{file['path']}"
    whole = ada.get(path).content
    tag = f'"{file["sha256"]}"'
    rest = ada.get(path, headers={"Range": "bytes=100-", "If-Range": tag})
    assert (rest.status_code, rest.content) == (206, whole[100:])
    other = ada.get(path, headers={"Range": "bytes=100-", "If-Range": '"another version"'})
    assert (other.status_code, other.content) == (200, whole)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=99999999-", 416),
        ("bytes=0-0,5-9", 206),
        ("bytes=" + "0-0," * 1000 + "0-0", 200),
        ("lines=1-2", 400),
    ],
)
def test_ranges_of_every_kind(ada: Client, file: dict[str, str], asked: str, status: int) -> None:
    assert ada.get(f"{FILES}/{file['path']}", headers={"Range": asked}).status_code == status


@pytest.mark.parametrize(
    "path", ["../../secret.key", "%2e%2e/%2e%2e/secret.key", "a%00b", "nothing.csv", "", "%2e", "%ff"]
)
def test_what_is_none_of_its_files_is_missing(ada: Client, path: str) -> None:
    answer = ada.get(f"{FILES}/{path}")
    assert answer.status_code in (404, 422)
    assert "secret" not in answer.headers.get("content-disposition", "")


def test_head_tells_without_reading(ada: Client, file: dict[str, str]) -> None:
    for path in (f"{FILES}/{file['path']}", ARCHIVE):
        head = ada.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == ada.get(path).headers["Content-Length"]


def test_the_ref_may_be_written_with_its_slash(ada: Client, file: dict[str, str]) -> None:
    answer = ada.get(f"/api/datasets/kaggle:{HEART}/files/{file['path']}")
    assert sha256(answer.content).hexdigest() == file["sha256"]


def test_all_of_it_comes_as_one_archive(ada: Client) -> None:
    answer = ada.get(ARCHIVE)
    assert answer.headers["Content-Disposition"].endswith('.zip"')
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    listed = {file["path"]: file["sha256"] for file in ada.get(FILES).json()["files"]}
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        found = {name: sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    assert found == {f"heart-failure-clinical-data/{path}": digest for path, digest in listed.items()}


def test_an_archive_of_another_kind_is_refused(ada: Client) -> None:
    assert ada.get(f"{ARCHIVE}?format=rar").status_code == 422


def test_a_browser_fetches_by_a_cookie(browser: httpx.Client, file: dict[str, str]) -> None:
    assert browser.get(f"{FILES}/{file['path']}").status_code == 200
    assert browser.get(ARCHIVE).status_code == 200


def test_the_cookie_opens_this_dataset_s_files_alone(browser: httpx.Client) -> None:
    (cookie,) = (cookie for cookie in browser.cookies.jar if cookie.name == "dataferry_files")
    assert cookie.path == f"/api/datasets/{KEY}/"
    sent = {"Cookie": f"dataferry_files={cookie.value}"}
    for path in (f"/api/datasets/{KEY}", FILES, "/api/datasets", "/api/auth/me"):
        assert httpx.get(browser.base_url.join(path), headers=sent).status_code == 401, path
    other = httpx.get(browser.base_url.join("/api/datasets/builtin:iris/archive"), headers=sent)
    assert other.status_code == 401


def test_the_cookie_ends_with_the_session(browser: httpx.Client) -> None:
    assert browser.post("/api/auth/logout").status_code == 204
    assert browser.get(ARCHIVE).status_code == 401


def test_nobody_else_fetches_it(server: Server) -> None:
    for path in (ARCHIVE, f"{FILES}/a.csv"):
        refused = httpx.get(server.address + path)
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"


def test_a_description_for_other_tools(server: Server, ada: Client) -> None:
    """Croissant, which mlcroissant 1.1.1 reads, rows and all: tried by hand, as it brings sixty packages."""
    answer = ada.get(f"/api/datasets/{KEY}/croissant")
    assert answer.headers["Content-Type"] == "application/ld+json"
    described = answer.json()
    (file,) = described["distribution"]
    assert ada.get(file["contentUrl"].removeprefix(server.address)).content
    assert (file["@type"], file["encodingFormat"]) == ("cr:FileObject", "text/csv")
    assert file["sha256"] == ada.get(FILES).json()["files"][0]["sha256"]
    (rows,) = described["recordSet"]
    assert {field["dataType"] for field in rows["field"]} == {"sc:Float"}
    assert rows["field"][0]["source"] == {"fileObject": {"@id": file["@id"]}, "extract": {"column": "age"}}
    printed = run(
        ["export", f"kaggle:{HEART}", "--croissant"],
        env=server.environment | {"DATAFERRY_SERVER": server.address, "DATAFERRY_TOKEN": token_of(ada)},
        cwd=server.data_dir.parent,
    )
    assert json.loads(printed.stdout)["distribution"][0]["contentUrl"] == file["@id"], printed.stderr


@pytest.mark.parametrize(
    ("path", "content", "columns"),
    [
        ("/codes.csv", b"zip,n\n01234,1\n99999,2\n", None),  # a reader that is told nothing loses the zero
        ("/semicolons.csv", b"a;b\n1;2\n3;4\n", None),
        ("/with%20a%20blank.jsonl", b'{"a": 1, "b": "x", "c": {}}\n{"a": 2, "b": "y"}\n', ["a", "b"]),
    ],
)
def test_only_columns_that_any_reader_gets_right_are_described(
    path: str, content: bytes, columns: list[str] | None, ada: Client
) -> None:
    with LinkServer() as links:
        links.pages[path] = Page(content)
        body = {"dataset_id": f"url:http://{links.host}{path}"}
        asked = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"})
        assert asked.status_code == 200, asked.text
    described = ada.get(f"/api/datasets/{asked.json()['library_id']}/croissant").json()
    names = [[field["name"] for field in rows["field"]] for rows in described["recordSet"]]
    assert names == ([] if columns is None else [columns])
    assert not [one["@id"] for one in described["distribution"] if " " in one["@id"]]


def token_of(client: Client) -> str:
    asked = {"name": "export", "scope": "read"}
    return str(client.post("/api/auth/tokens", asked).json()["token"])
