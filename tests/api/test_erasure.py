"""A person takes along and erases all that is theirs; markers that were planted everywhere are then nowhere.

Reported of others: uploaded files that stay on the disk when their rows go (vjt/grappa-irc#1890,
mjl-/mox#221, reactive-resume/app#1189, ippontech/tatami#659), parts that nobody thought of, in the export too
(danny-avila/LibreChat#10540, LiorBenSidi/work-smarter-not-harder#507), chats that outlive their owner
(danny-avila/LibreChat#6733), files of chats (open-webui/open-webui#11582), and uploads that are still on
their way (owncloud/android#1499).
"""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image, PngImagePlugin

from tests.support.hubs import Hubs
from tests.support.links import LinkServer, Page
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import PASSWORD, Client, Server, until
from tests.support.stores import counted, places_with
from tests.support.uploaded import consented, planted_dicom, uploaded

WAIT = {"Prefer": "wait"}
DOWNLOAD = "/api/datasets/download-dataset"


@dataclass(frozen=True)
class Stores:
    """A server, and where what it keeps is to be looked for."""

    server: Server
    database: str | None
    redis: str | None

    def places_with(self, *words: str) -> dict[str, set[str]]:
        return places_with(words, self.server.data_dir, self.database, self.redis)


@pytest.fixture(params=["sqlite", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path: Path, hubs: Hubs) -> Iterator[Stores]:
    with ExitStack() as stack:
        database = redis = None
        settings = dict(hubs.settings, DATAFERRY_MODEL="none", SECRET_KEY="k" * 32)
        if request.param == "postgres":
            postgres: Postgres = request.getfixturevalue("postgres")
            shared: RedisServer = request.getfixturevalue("redis")
            database, redis = stack.enter_context(postgres.database()), shared.url
            settings |= {"DATABASE_URL": database, "REDIS_URL": redis}
        server = stack.enter_context(Server(tmp_path / "data", **settings))
        yield Stores(server, database, redis)


@pytest.fixture
def links() -> Iterator[LinkServer]:
    with LinkServer() as links:
        yield links


def ended(answer: Any) -> dict[str, Any]:
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def erase_me(client: Client, email: str, password: str = PASSWORD) -> Any:
    body = {"email": email, "password": password}
    return client.http.request("DELETE", "/api/me", json=body)


def until_erased(client: Client, erasure: dict[str, Any]) -> None:
    def finished() -> bool:
        answer = client.http.get(f"/api/erasures/{erasure['id']}")
        return answer.is_success and answer.json()["finished_at"] is not None

    until(finished, "the account is erased")


def marker(name: str) -> str:
    return f"zq{name}{token_hex(6)}"


def pictures(word: str) -> bytes:
    """A zip of pictures with the word in their names and bytes."""
    packed = io.BytesIO()
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", word)
    with ZipFile(packed, "w") as archive:
        for label in ("cat", "dog"):
            for number in range(2):
                drawn = io.BytesIO()
                Image.new("RGB", (32, 32), (60 * number, 90, 10)).save(drawn, "PNG", pnginfo=about)
                archive.writestr(f"{word}/{label}/{word}-{number}.png", drawn.getvalue())
    return packed.getvalue()


def plant(client: Client, links: LinkServer, words: dict[str, str]) -> None:
    """Write a word of each kind wherever a person can."""
    chat = ended(client.post("/api/chats", {}))["id"]
    client.http.patch(f"/api/chats/{chat}", json={"title": words["title"]})
    ended(client.post(f"/api/chats/{chat}/messages", {"content": f"find {words['said']} tables"}))
    client.post("/api/datasets/search-all", {"query": words["searched"]})
    ended(client.post("/api/auth/tokens", {"name": words["token"], "scope": "read"}))
    key = {"secret": f"hf_{words['hub']}{'x' * 20}"}
    client.http.put("/api/sources/huggingface/credential", json=key)
    consented(client)
    uploaded(client, "medical", f"{words['file']}.dcm", planted_dicom())
    began = client.post("/api/upload/medical/partial", {"filename": f"{words['part']}.dcm", "size": 9000})
    assert began.is_success, began.text
    links.pages[f"/{words['link']}.csv"] = Page(f"name,n\n{words['cell']},1\nb,2\n".encode())
    links.pages[f"/{words['link']}.zip"] = Page(pictures(words["pixels"]))
    keys = {}
    for suffix in ("csv", "zip"):
        link = f"http://{links.host}/{words['link']}.{suffix}?sig={words['secret']}"
        body = {"dataset_id": link, "download_path": f"{words['view']}-{suffix}"}
        keys[suffix] = ended(client.post(DOWNLOAD, body, headers=WAIT))["key"]
        dataset = f"/api/datasets/{keys[suffix]}"
        client.post(f"{dataset}/pin")
        client.get(f"{dataset}/preview")
        recorded = ended(client.post(f"{dataset}/versions", {"message": words["message"]}))
        assert client.finished(recorded["id"])["state"] == "succeeded"
        for what in ("tables", "statistics", "health"):
            client.post(f"{dataset}/{what}")
    for sample in ended(client.get(f"/api/datasets/{keys['zip']}/samples"))["samples"]:
        assert client.get(sample["thumbnail"]).is_success
    until(lambda: not any(job["active"] for job in client.get("/api/jobs").json()), "jobs end")


def test_nothing_of_a_person_is_left_anywhere(stores: Stores, links: LinkServer) -> None:
    kinds = ("title", "said", "searched", "token", "hub", "file", "part", "link", "cell", "pixels", "secret")
    words = {kind: marker(kind) for kind in (*kinds, "view", "message", "mail")}
    email = f"{words['mail']}@example.org"
    admin = stores.server.client("admin@example.org")
    mia = stores.server.client(email)
    user_id = ended(mia.get("/api/auth/me"))["id"]
    plant(mia, links, words)
    (stores.server.data_dir / "unforeseen.log").write_text(f"$ dataferry users disable {email}\nOops\n")

    # What the markers are found in shows that the search can fail. Encrypted ones are seen in no store.
    before = stores.places_with(*words.values(), user_id)
    unseen = {words[kind] for kind in ("hub", "file", "part", "secret", "searched")}
    assert {*words.values(), user_id} - before.keys() <= unseen

    exported = mia.get("/api/me/export").content
    with ZipFile(io.BytesIO(exported)) as archive:
        assert archive.testzip() is None
        taken = b"".join(name.encode() + archive.read(name) for name in archive.namelist())
        json.loads(archive.read("account/account.json"))
    not_taken = {kind for kind, word in words.items() if word.encode() not in taken}
    assert not_taken <= {"hub", "secret", "searched", "part", "message"}

    holdings = {one["what"]: one for one in ended(mia.get("/api/me/data"))["holdings"]}
    assert holdings["private datasets"]["count"] == 2
    assert (holdings["chats"]["count"], holdings["uploads"]["count"]) == (1, 2)

    assert erase_me(mia, email, "a wrong password").status_code == 403
    assert erase_me(mia, "other@example.org").status_code == 422
    erasure = ended(erase_me(mia, email))
    if stores.database is None:  # in the middle of it
        stores.server.kill()
        stores.server.start()
    assert mia.get("/api/auth/me").status_code == 401
    until_erased(admin, erasure)

    assert not stores.places_with(*words.values(), user_id)
    assert not [word for word in (*words.values(), user_id) if word in stores.server.log]
    counts = {
        table: counted(stores.server.data_dir, stores.database, table)
        for table in ("credentials", "uploads", "images", "chats", "messages", "datasets", "personal_tokens")
    }
    assert not any(counts[table] for table in counts if table != "datasets"), counts
    assert not list((stores.server.data_dir / "uploads").glob("*"))
    assert not [path for path in (stores.server.data_dir / "downloads").rglob("*") if path.is_file()]
    # The address is free for a new account, which has nothing of the old one.
    assert ended(stores.server.client(email).get("/api/me/data"))["holdings"]


def test_what_is_shared_goes_to_whom_it_is_shared_with(
    server: Server, admin: Client, ada: Client, bob: Client, links: LinkServer
) -> None:
    links.pages["/shared.csv"] = Page(b"a,b\n1,2\n")
    link = f"http://{links.host}/shared.csv?sig=mine"
    leaving = server.client("leaving@example.org")
    key = ended(leaving.post(DOWNLOAD, {"dataset_id": link}, headers=WAIT))["key"]
    recorded = ended(leaving.post(f"/api/datasets/{key}/versions", {"message": "First"}))
    assert leaving.finished(recorded["id"])["state"] == "succeeded"
    ended(leaving.post(f"/api/datasets/{key}/sharing", {"emails": ["bob@example.org"], "everybody": True}))
    stays = [one for one in ended(leaving.get("/api/me/data"))["holdings"] if one["stays"]]
    assert [(one["what"], "bob@example.org" in one["stays"]) for one in stays] == [("shared datasets", True)]
    until_erased(admin, ended(erase_me(leaving, "leaving@example.org")))

    assert ended(bob.get(f"/api/datasets/{key}"))["downloaded"]
    sharing = ended(bob.get(f"/api/datasets/{key}/sharing"))
    assert sharing["may_share"]
    assert [(one["email"], one["shared_by"]) for one in sharing["shares"]] == [(None, "bob@example.org")]
    (version,) = ended(bob.get(f"/api/datasets/{key}/versions"))["versions"]
    assert version["author"] == "somebody who has left"
    assert ada.get(f"/api/datasets/{key}").is_success
    assert ended(bob.get(f"/api/datasets/{key}/receipt"))["requested_by"] == ["bob@example.org"]


def test_who_may_erase_whom(server: Server, admin: Client, ada: Client) -> None:
    server.client("gone@example.org")
    body = {"email": "gone@example.org", "password": PASSWORD}
    assert ada.post("/api/erasures", body).status_code == 403
    assert admin.post("/api/erasures", body | {"password": "wrong"}).status_code == 403
    assert admin.post("/api/erasures", body | {"email": "nobody@example.org"}).status_code == 404
    until_erased(ada, ended(admin.post("/api/erasures", body)))
    last = erase_me(admin, "admin@example.org")
    assert (last.status_code, "users create" in last.json()["next_step"]) == (409, True)
    assert ended(admin.get("/api/me/data"))["last_admin"]
    assert not ended(ada.get("/api/me/data"))["last_admin"]
    assert admin.get("/api/erasures/erasure_unknown").status_code == 404
