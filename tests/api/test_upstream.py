"""A source publishes a newer revision than the one that is here: it is said, the old one kept, and both
offered.

Reported of others: a copy that a team works with is silently replaced (esgf2-us/intake-esgf#38), is never
told to be old (datadotworld/data.world-py#19), or must be deleted by hand (SCIInstitute/ShapeWorks#595).
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.content import text
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

WAIT = {"Prefer": "wait"}
KEY = "huggingface:acme~moving"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("upstream") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def ask(client: Client, key: str = KEY, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/datasets/{key}/upstream", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_newer_revision_is_told_of_and_may_be_declined_or_fetched(ada: Client, hubs: Hubs) -> None:
    made = FakeDataset("huggingface", "acme/moving", "Moving", "", "mit", lambda: {"a.csv": text("1\n")})
    hubs.hub.catalogue.add(made)
    ticket = ada.post("/api/datasets/download/huggingface", {"dataset_id": made.id}, headers=WAIT).json()
    first = ask(ada)
    assert (first["changed"], first["newest_revision"]) == (False, first["revision"])
    assert first["asked_at"]
    made.publish(lambda: {"a.csv": text("2\n")})

    asked = len(hubs.hub.requests())
    assert ask(ada) == first  # once a day
    assert len(hubs.hub.requests()) == asked
    told = ask(ada, fresh=True)
    assert (told["changed"], told["newest_here"]) == (True, False)
    assert told["newest_revision"] != told["revision"] == first["revision"]
    row = ada.get(f"/api/datasets/{KEY}").json()
    assert (row["outdated"], row["may_update"], row["local_path"]) == (True, True, ticket["file_path"])

    kept = ada.post(f"/api/datasets/{KEY}/keep-revision").json()
    assert (kept["changed"], kept["declined"]) == (False, True)
    assert ada.get(f"/api/datasets/{KEY}").json()["outdated"] is False
    assert ask(ada, fresh=True)["changed"] is False
    made.publish(lambda: {"a.csv": text("3\n")})
    assert ask(ada, fresh=True)["changed"] is True  # the one after it is told of

    ada.finished(ada.post(f"/api/datasets/{KEY}/update").json()["job_id"])
    newest = ask(ada)
    assert (newest["changed"], newest["revision"]) == (False, newest["newest_revision"])
    assert ada.post(f"/api/datasets/{KEY}/keep-revision").status_code == 409


def test_a_source_that_does_not_answer_is_told_and_left_alone_for_a_while(ada: Client, hubs: Hubs) -> None:
    made = FakeDataset("huggingface", "acme/away", "Away", "", "mit", lambda: {"a.csv": text("1\n")})
    hubs.hub.catalogue.add(made)
    ada.post("/api/datasets/download/huggingface", {"dataset_id": made.id}, headers=WAIT)
    hubs.hub.fault("server_error")
    try:
        told = ask(ada, "huggingface:acme~away")
        asked = len(hubs.hub.requests())
        again = ask(ada, "huggingface:acme~away")
    finally:
        hubs.heal()
    assert (told["changed"], told["newest_revision"], told["asked_at"]) == (False, None, None)
    assert told["problem"]["code"] == "source_unreachable"
    assert again["problem"] is None
    assert len(hubs.hub.requests()) == asked


def test_what_has_no_revisions_is_never_asked_for_one(ada: Client) -> None:
    ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}, headers=WAIT)
    told = ask(ada, "iris", fresh=True)
    assert (told["changed"], told["asked_at"], told["newest_revision"]) == (False, None, None)
    assert ada.get("/api/datasets/builtin:wine/upstream").status_code == 404
