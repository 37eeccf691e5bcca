"""A hub that does not answer holds up what is asked of it, and nothing else.

The kinds: a pool of threads that a few hanging calls exhaust (hatchet-dev/hatchet#4803,
python/cpython#112169), and a click that waits for a remote server (etternagame/etterna#1267).
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dataferry.core.db import Database, now
from dataferry.core.settings import Settings
from dataferry.library import rights
from dataferry.library.models import Dataset, DatasetAccess
from tests.support.hubs import Hubs
from tests.support.server import Client, Server, until

#: More than the threads of a pool, with those of each person's datasets.
PEOPLE = 3
DATASETS = 6
#: Until a hub's answer is given up.
DEADLINE_S = 20.0


@pytest.fixture
def server(tmp_path: Path, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path / "data", DATAFERRY_DESCRIBE_TIMEOUT_S=str(DEADLINE_S), **hubs.settings) as server:
        yield server
        hubs.heal()


def share(server: Server, hubs: Hubs, people: list[Client]) -> None:
    """Datasets that these people may see because the hub said so the day before yesterday."""
    settings = Settings(_env_file=None, data_dir=server.data_dir)
    database = Database(settings.sqlalchemy_url)
    users = [person.get("/api/auth/me").json()["id"] for person in people]
    with database.unit_of_work() as session:
        for number in range(DATASETS):
            dataset = Dataset(
                id=f"ds_{number}",
                source="huggingface",
                source_id=hubs.gated,
                selection=str(number),
                name="letters",
                visibility="restricted",
                status="downloaded",
                downloaded=True,
                local_path=str(settings.store),
                updated_at_ms=0,
            )
            session.add(dataset)
            session.flush()
            session.add_all(
                DatasetAccess(dataset_id=dataset.id, user_id=user, checked_at=now() - 2 * rights.ACCESS_VALID)
                for user in users
            )
    database.close()


def shared(person: Client) -> int:
    listed = person.get("/api/datasets").json()["datasets"]
    return sum(dataset["title"] == "" for dataset in listed)


def test_clicks_are_answered_while_a_hub_says_nothing(server: Server, hubs: Hubs) -> None:
    admin = server.client("admin@example.org")
    people = [server.client(f"person{number}@example.org") for number in range(PEOPLE)]
    digits = {"source": "builtin", "dataset_id": "digits"}
    waiting = {"headers": {"Prefer": "wait"}}
    assert people[0].post("/api/datasets/download-dataset", digits, **waiting).status_code == 200
    slow = people[0].post("/api/datasets/download/kaggle", {"dataset_id": hubs.slow}).json()["job_id"]
    share(server, hubs, people)
    hubs.hub.fault("delay", seconds=60, where="api")
    asked, began = len(hubs.hub.log), time.monotonic()
    with ThreadPoolExecutor(PEOPLE) as threads:
        lists = [threads.submit(shared, person) for person in people]
        until(lambda: len(hubs.hub.log) > asked, "the hub is asked")
        # While all of them wait for it:
        assert admin.post("/api/auth/ws-ticket").status_code == 200
        assert people[1].post("/api/auth/ws-ticket").status_code == 200
        assert people[0].post(f"/api/jobs/{slow}/pause").status_code == 200
        assert people[0].post(f"/api/jobs/{slow}/resume").status_code == 200
        assert people[0].post(f"/api/jobs/{slow}/cancel").status_code == 200
        preview = people[0].get("/api/datasets/builtin:digits/preview")
        assert preview.json()["rows"]
        # What the hub said before still counts, for a while; it is not waited for.
        assert [listed.result() for listed in lists] == [DATASETS] * PEOPLE
    assert time.monotonic() - began < DEADLINE_S, "somebody waited until the hub was given up"
    hubs.heal()
    # Now it says that they have no access any more.
    until(lambda: [shared(person) for person in people] == [0] * PEOPLE, "its answer counts")
