"""What a person downloaded, kept for them alone, also when it is gone."""

import csv
import io
from pathlib import Path
from typing import Any

from sqlmodel import select

from dataferry.accounts.models import User
from dataferry.core.db import Database
from dataferry.core.migrate import upgrade
from dataferry.library.models import HistoryEntry
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}
HEART = "andrewmvd/heart-failure-clinical-data"


def entries(client: Client, **wanted: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/history", params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def test_it_is_ones_own_and_outlives_the_dataset(server: Server, hubs: Hubs) -> None:
    ada, bob, admin = (server.client(f"{name}@example.org") for name in ("ada", "bob", "admin"))
    body = {"dataset_id": f"kaggle:{HEART}"}
    key = ada.post("/api/datasets/download-dataset", body, headers=WAIT).json()["key"]
    ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}, headers=WAIT)
    ada.finished(ada.http.delete(f"/api/datasets/{key}/data").json()["job_id"])
    found = entries(ada)
    assert [(one["kind"], one["ref"]) for one in found] == [
        ("delete", body["dataset_id"]),
        ("download", "builtin:iris"),
        ("download", body["dataset_id"]),
    ]
    assert found[2]["size_bytes"] > 0
    assert entries(bob) == entries(admin) == []
    # A page at a time, and filtered.
    first = ada.get("/api/history", params={"limit": 2}).json()
    rest = ada.get("/api/history", params={"limit": 2, "cursor": first["next"]}).json()
    assert [*first["entries"], *rest["entries"]] == found
    assert [one["kind"] for one in entries(ada, q="heart", kind="delete")] == ["delete"]
    # As files, for a spreadsheet and for a program.
    table = list(csv.DictReader(io.StringIO(ada.get("/api/history/export").text)))
    assert [one["ref"] for one in table] == [one["ref"] for one in found]
    assert ada.get("/api/history/export", params={"format": "json"}).json() == found
    # It is theirs to delete, one entry or all.
    gone = ada.http.delete("/api/history", params={"job_id": found[0]["job_id"]})
    assert gone.json() == {"deleted_count": 1}
    assert bob.http.delete("/api/history").json() == {"deleted_count": 0}
    assert ada.http.delete("/api/history").json() == {"deleted_count": 2}
    assert entries(ada) == []
    assert ada.get("/api/datasets/builtin:iris").json()["downloaded"]


def test_a_title_is_no_formula_in_a_spreadsheet(server: Server, hubs: Hubs) -> None:
    """What an author has written is not run by whoever opens the table."""
    iris = hubs.kaggle.catalogue.find("kaggle", "uciml/iris")
    assert isinstance(iris, FakeDataset)
    title, iris.title = iris.title, '=HYPERLINK("http://evil.example")'
    ada = server.client("eve@example.org")
    ada.post("/api/datasets/download-dataset", {"dataset_id": "kaggle:uciml/iris"}, headers=WAIT)
    iris.title = title
    [row] = csv.DictReader(io.StringIO(ada.get("/api/history/export").text))
    assert row["title"].startswith("'=")


def test_it_ends_with_the_account(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}")
    upgrade(database)
    with database.unit_of_work() as session:
        session.add(User(id="user_1", email="ada@example.org", password_hash=""))
        session.flush()
        session.add(
            HistoryEntry(
                job_id="job_1",
                user_id="user_1",
                kind="download",
                state="succeeded",
                dataset_id="ds_1",
                ref="builtin:iris",
                source="builtin",
                title="Iris",
            )
        )
    with database.unit_of_work() as session:
        session.delete(session.get_one(User, "user_1"))
    with database.snapshot() as session:
        assert session.exec(select(HistoryEntry)).all() == []
    database.close()
