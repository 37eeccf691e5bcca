"""Every list has one paging: ``limit`` and an opaque ``cursor``, a ``Link`` to the next page, ``next`` in a
body that has room for it; nothing comes twice and nothing is left out, whatever is inserted meanwhile."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from dataferry.chat.models import Chat, Message
from dataferry.core.db import now
from dataferry.jobs.models import Job, JobEvent, JobRequester
from dataferry.library.models import Dataset, DatasetAccess, DatasetFile
from tests.api.conftest import application
from tests.support.server import PASSWORD

#: A list's address, with what of a row tells it from others.
LISTS = [
    ("/api/jobs", "id"),
    ("/api/jobs?sort=created_at", "id"),
    ("/api/jobs?sort=-title&kind=download&source=Kaggle&q=set", "id"),
    ("/api/jobs?state=succeeded&state=failed", "id"),
    ("/api/jobs/job_0/events", "seq"),
    ("/api/chats", "id"),
    ("/api/chats?sort=title&q=chat", "id"),
    ("/api/chats/chat_0/messages", "id"),
    ("/api/datasets", "id"),
    *((f"/api/datasets?sort={sort}", "id") for sort in ("name", "license", "-size_bytes", "last_used_at")),
    ("/api/datasets/ds_0/files", "path"),
]
ROWS = 23


def job(n: int, user: str) -> Iterator[Any]:
    at = now() - timedelta(seconds=n // 4)  # four of one instant
    state = ("queued", "succeeded", "failed", "cancelled")[n % 4]
    yield Job(
        id=f"job_{n}",
        kind="download",
        dataset_id=f"ds_{n}",
        ref=f"kaggle:acme/set{n}",
        source="kaggle",
        title=f"Set {n % 5}",
        single_flight_key=f"key{n}",
        state=state,
        created_at=at,
        finished_at=at if state in ("succeeded", "failed") else None,
    )
    yield JobRequester(job_id=f"job_{n}", user_id=user, active=state == "queued", listed_at=at)


def dataset(n: int, user: str) -> Iterator[Any]:
    yield Dataset(
        id=f"ds_{n}",
        source="kaggle",
        source_id=f"acme/set{n}",
        revision="1",
        name=f"kaggle:acme/set{n}",
        title=f"Set {n % 5}",
        status="downloaded",
        downloaded=True,
        file_count=ROWS,
        size=None if n % 3 == 0 else n % 4,
        license=None if n % 2 else "MIT",
        updated_at_ms=1000 - n // 4,
        downloaded_at_ms=None if n % 5 == 0 else n,
    )
    yield DatasetAccess(dataset_id=f"ds_{n}", user_id=user, owner=True)


def chat(n: int, user: str) -> Iterator[Any]:
    at = now() - timedelta(seconds=n // 4)
    yield Chat(id=f"chat_{n}", user_id=user, title=f"chat {n % 5}", created_at=at, updated_at=at)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with application(tmp_path_factory.mktemp("paging") / "data") as app:
        yield app


@pytest.fixture(scope="module")
def ada(app: FastAPI) -> TestClient:
    client = TestClient(app, base_url="http://localhost:8000")
    user = client.post("/api/auth/register", json={"email": "ada@example.org", "password": PASSWORD}).json()
    form = {"username": "ada@example.org", "password": PASSWORD}
    token = client.post("/api/auth/token", data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    user_id = client.get("/api/auth/me").json()["id"]
    assert user
    with app.state.services.database.unit_of_work() as session:
        for n in range(ROWS):
            for make in (job, dataset, chat):
                for row in make(n, user_id):
                    session.add(row)
                    session.flush()
        for n in range(ROWS):
            digest = f"{n:064x}"
            session.add(
                DatasetFile(dataset_id="ds_0", path=f"f{n:02}", size=1, sha256=digest, grade="recorded")
            )
            session.add(JobEvent(job_id="job_0", seq=n + 1, state="queued", attempt=1))
            session.add(Message(chat_id="chat_0", seq=n, id=f"m{n}", role="user", content="chat"))
    return client


def rows_of(body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body if isinstance(body, list) else body.get("datasets") or body["files"]
    return found


def next_link(answer: Any) -> str | None:
    link = answer.links.get("next", {}).get("url")
    if isinstance(answer.json(), dict):
        assert (answer.json()["next"] is None) == (link is None)
    return None if link is None else str(link)


def walk(
    client: TestClient, address: str, limit: int, between: Callable[[], None] = lambda: None
) -> list[dict[str, Any]]:
    """Every row of a list, by its links."""
    link: str | None = f"{address}{'&' if '?' in address else '?'}limit={limit}"
    rows = []
    while link:
        answer = client.get(link)
        assert answer.status_code == 200, answer.text
        page = rows_of(answer.json())
        assert 0 < len(page) <= limit
        rows += page
        link = next_link(answer)
        between()
    return rows


@pytest.mark.parametrize(("address", "key"), LISTS)
@pytest.mark.parametrize("limit", [1, 7, ROWS, 200])
def test_the_pages_together_are_the_list(ada: TestClient, address: str, key: str, limit: int) -> None:
    """Rows of one instant (MeshCore-Beacon/beacon-server#131) and without a value (nicia-ai/typegraph#696);
    whether they were lost depended on the length of a page (JSONbored/metagraphed#9938)."""
    whole = [row[key] for row in rows_of(ada.get(address).json())]
    paged = [row[key] for row in walk(ada, address, limit)]
    assert len(whole) > 5
    assert sorted(paged, key=str) == sorted(whole, key=str)
    if "messages" not in address:  # whose pages go back in time
        assert paged == whole


@pytest.mark.parametrize("address", ["/api/jobs", "/api/datasets", "/api/chats"])
def test_what_is_inserted_meanwhile_shifts_nothing(app: FastAPI, ada: TestClient, address: str) -> None:
    make = {"/api/jobs": job, "/api/datasets": dataset, "/api/chats": chat}[address]
    before = {row["id"] for row in rows_of(ada.get(address).json())}
    user_id = ada.get("/api/auth/me").json()["id"]
    new = iter(range(len(before) * 10, len(before) * 20))

    def insert() -> None:
        with app.state.services.database.unit_of_work() as session:
            for row in make(next(new), user_id):
                session.merge(row)
                session.flush()

    found = [row["id"] for row in walk(ada, address, 5, insert)]
    assert len(found) == len(set(found))
    assert before <= set(found)


@pytest.mark.parametrize(("address", "_key"), LISTS)
def test_a_cursor_that_is_damaged_or_of_another_list_is_refused(
    ada: TestClient, address: str, _key: str
) -> None:
    """A 500 (taskcluster/taskcluster#7083), or the first page again (erikmagkekse/btrfs-nfs-csi#153)."""
    link = next_link(ada.get(f"{address}{'&' if '?' in address else '?'}limit=2"))
    assert link is not None
    # Its filters are still there (superseriousbusiness/gotosocial#2253).
    assert link.startswith(address)
    cursor = re.search(r"cursor=([^&]+)", link)
    assert cursor is not None
    others = ["/api/jobs", "/api/chats", "/api/datasets", "/api/jobs?dismissed=false", "/api/datasets?q=set"]
    wrong = [link.replace("cursor=", "cursor=x"), link[:-2], link.replace(cursor[1], "%00"), f"{link}é"]
    wrong += [f"{one}{'&' if '?' in one else '?'}cursor={cursor[1]}" for one in others if one != address]
    for damaged in wrong:
        answer = ada.get(damaged)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), damaged
        assert "cursor" in answer.json()["detail"]


def test_a_cursor_is_of_one_person(app: FastAPI, ada: TestClient) -> None:
    link = next_link(ada.get("/api/datasets", params={"limit": 2}))
    assert link is not None
    eve = TestClient(app, base_url="http://localhost:8000")
    form = {"username": "eve@example.org", "password": PASSWORD}
    eve.headers["Authorization"] = ada.headers["Authorization"]
    invited = ada.post("/api/auth/register", json={"email": form["username"], "password": PASSWORD})
    if invited.is_success:
        token = eve.post("/api/auth/token", data=form).json()["access_token"]
        eve.headers["Authorization"] = f"Bearer {token}"
        assert eve.get(link).status_code == 422


@pytest.mark.parametrize(
    "address", ["/api/jobs?offset=2", "/api/chats?offset=2", "/api/datasets?page_number=2&page_size=2"]
)
def test_a_page_begins_at_one_place(ada: TestClient, address: str) -> None:
    """Pages by number stay, and their links go on from there by cursor."""
    answer = ada.get(f"{address}&limit=2")
    link = next_link(answer)
    assert link is not None
    whole = [row["id"] for row in rows_of(ada.get(address.partition("?")[0]).json())]
    assert [row["id"] for row in rows_of(answer.json())] == whole[2:4]
    assert [row["id"] for row in rows_of(ada.get(link).json())] == whole[4:6]
    both = ada.get(f"{link}&{address.partition('?')[2]}")
    assert both.status_code == 422


def test_a_search_pages_by_cursor_too(ada: TestClient) -> None:
    body: dict[str, Any] = {"query": "classification", "sources": ["builtin"], "limit": 1}
    first = ada.post("/api/datasets/search-all", json=body).json()
    assert first["next"]
    second = ada.post("/api/datasets/search-all", json=body | {"cursor": first["next"]}).json()
    assert second["datasets"][0]["ref"] != first["datasets"][0]["ref"]
    other = ada.post("/api/datasets/search-all", json=body | {"cursor": first["next"], "query": "wine"})
    assert other.status_code == 422
