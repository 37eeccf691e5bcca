"""The operator's keys at the hubs: used where they help, named where they fail, never told to anybody."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.fakes.catalogue import IMDB, ada, grace
from tests.fakes.difficult import HF_GATED, KAGGLE_GATED, PRIVATE
from tests.fakes.gemini import GeminiFake
from tests.support.hubs import Hubs
from tests.support.server import Client, Server, until

WAIT = {"Prefer": "wait"}
GRACE = grace()
ADA = ada()
GEMINI_KEY = "AIzaThatIsNobodysBusiness"
SECRETS = (GRACE.hf_token, GRACE.kaggle_key, GEMINI_KEY)


@pytest.fixture(scope="module")
def told() -> list[str]:
    """Everything that the server has said to anybody."""
    return []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    """The operator's keys: two in ``.env``, the others in the environment."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / ".env").write_text(f"KAGGLE_USERNAME={GRACE.name}\nHF_TOKEN={GRACE.hf_token}\n")
    with GeminiFake() as gemini:
        keys = {
            "KAGGLE_KEY": GRACE.kaggle_key,
            "GOOGLE_API_KEY": GEMINI_KEY,
            "GOOGLE_GEMINI_BASE_URL": gemini.url,
            "DATAFERRY_LOG_LEVEL": "DEBUG",
            "DATAFERRY_RETRIES": "0",
        }
        with Server(folder / "data", **hubs.settings, **keys) as server:
            yield server


@pytest.fixture(scope="module")
def ada(server: Server, told: list[str]) -> Client:
    def note(response: httpx.Response) -> None:
        response.read()
        told.append(f"{response.headers} {response.text}")

    client = server.client()
    client.http.event_hooks["response"].append(note)
    return client


def test_each_source_tells_whether_it_is_configured(ada: Client, tmp_path: Path, hubs: Hubs) -> None:
    sources = {source["name"]: source for source in ada.get("/api/sources").json()}
    assert sources["kaggle"]["configured"] is True
    assert sources["huggingface"]["configured"] is True
    with Server(tmp_path / "data", **hubs.settings) as keyless:
        sources = {source["name"]: source for source in keyless.client().get("/api/sources").json()}
    assert sources["kaggle"]["configured"] is False
    assert "KAGGLE_KEY" in json.dumps(sources["kaggle"])
    assert sources["huggingface"]["configured"] is False
    assert "HF_TOKEN" in json.dumps(sources["huggingface"])


@pytest.mark.parametrize(
    ("source", "dataset_id"),
    [
        ("kaggle", KAGGLE_GATED),
        ("huggingface", HF_GATED),
        ("kaggle", PRIVATE),
        ("huggingface", PRIVATE),
    ],
)
def test_what_only_the_operators_account_may_see_arrives(ada: Client, source: str, dataset_id: str) -> None:
    answer = ada.post(f"/api/datasets/download/{source}", {"dataset_id": dataset_id}, headers=WAIT)
    assert answer.status_code == 200, answer.text
    assert any(path.is_file() for path in Path(answer.json()["file_path"]).rglob("*"))


@pytest.mark.parametrize(
    ("source", "setting", "dataset_id"),
    [("kaggle", "KAGGLE_", "andrewmvd/heart-failure-clinical-data"), ("huggingface", "HF_TOKEN", IMDB)],
)
def test_keys_that_a_hub_refuses_are_named(
    ada: Client, hubs: Hubs, source: str, setting: str, dataset_id: str
) -> None:
    (hubs.kaggle if source == "kaggle" else hubs.hub).fault("bad_credentials")
    try:
        answer = ada.post(f"/api/datasets/download/{source}", {"dataset_id": dataset_id}, headers=WAIT)
    finally:
        hubs.heal()
    assert (answer.status_code, answer.json()["code"]) == (503, "credential_rejected")
    assert setting in answer.json()["setting"]
    assert answer.json()["screen"] == f"/settings/sources#{source}"


def test_no_key_is_ever_told(server: Server, ada: Client, hubs: Hubs, told: list[str]) -> None:
    """Answers, errors, the page, events and the log, while every key is in use and while it fails."""
    chat = ada.post("/api/chats", {}).json()
    ada.post(f"/api/chats/{chat['id']}/messages", {"content": "find diabetes datasets"})
    ticket = ada.post("/api/auth/ws-ticket").json()["ticket"]
    user = ada.get("/api/auth/me").json()["id"]
    with connect(server.address.replace("http", "ws") + f"/api/ws?ticket={ticket}") as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": f"user:{user}"}))
        told.append(str(socket.recv(timeout=10)))
        for fault in ("bad_credentials", "garbage", "server_error"):
            hubs.kaggle.fault(fault)
            hubs.hub.fault(fault)
            ada.post("/api/datasets/search-all", {"query": f"heart {fault}"})
            ada.get("/api/sources")
            hubs.heal()
        job = ada.post("/api/datasets/download/huggingface", {"dataset_id": IMDB}).json()
        ada.finished(job["job_id"])
        ada.get(f"/api/jobs/{job['job_id']}/events")
        ada.get(f"/api/datasets/{job['key']}/receipt")
        while '"succeeded"' not in told[-1]:
            told.append(str(socket.recv(timeout=10)))
    for path in ("/", "/api/openapi.json", "/api/app", "/api/storage", "/api/datasets", "/api/jobs"):
        ada.get(path)
    used = [str(request.headers) for fake in (hubs.kaggle, hubs.hub) for request in fake.log]
    assert any(GRACE.hf_token in headers for headers in used)
    everything = [*told, server.log]
    for secret in SECRETS:
        assert not [words for words in everything if secret in words], secret


def _last_used(client: Client) -> str | None:
    sources = {one["name"]: one for one in client.get("/api/sources").json()}
    used: str | None = sources["huggingface"]["last_used_at"]
    return used


def test_a_persons_own_key_comes_first_and_is_never_told(hubs: Hubs, tmp_path: Path) -> None:
    """The server has none: only who brought a key that was let in gets what is shared with some."""
    with Server(tmp_path / "data", **hubs.settings, DATAFERRY_LOG_LEVEL="DEBUG") as server:
        server.client("admin@example.org")
        ada, eve = server.client(), server.client("eve@example.org")
        own = "/api/sources/huggingface/credential"

        refused = ada.http.put(own, json={"secret": "hf_notARealTokenAtAll"})
        assert (refused.status_code, refused.json()["code"]) == (503, "credential_rejected")
        assert ada.http.put("/api/sources/url/credential", json={"secret": "x"}).status_code == 422
        assert ada.http.put(own, json={"secret": ""}).status_code == 422

        kept = ada.http.put(own, json={"secret": GRACE.hf_token})
        assert kept.status_code == 200, kept.text
        assert (kept.json()["state"], kept.json()["account"], kept.json()["own"]) == (
            "connected",
            GRACE.name,
            True,
        )
        assert GRACE.hf_token not in kept.text
        assert kept.json()["last_used_at"] is None
        for dataset_id in (HF_GATED, PRIVATE):
            body = {"dataset_id": dataset_id}
            ticket = ada.post("/api/datasets/download/huggingface", body, headers=WAIT)
            assert ticket.status_code == 200, ticket.text
            key = ticket.json()["key"]
            assert ada.get(f"/api/datasets/{key}").json()["downloaded"] is True
            # It is on this machine now; that makes it nobody else's.
            assert eve.get(f"/api/datasets/{key}").status_code == 404
            assert eve.post("/api/datasets/download/huggingface", body).status_code in (403, 404)
            assert eve.get(f"/api/datasets/{key}").status_code == 404
        until(lambda: _last_used(ada), "it is told that the key was used")
        assert _last_used(eve) is None

        # Nor while the hub cannot say who may have it, whatever is asked for.
        hubs.hub.fault("rate_limit")
        for revision in (None, ada.get(f"/api/datasets/{key}").json()["revision"]):
            body = {"dataset_id": PRIVATE, "revision": revision}
            assert eve.post("/api/datasets/download/huggingface", body).status_code == 504
        hubs.heal()
        assert eve.get("/api/datasets?registered=false").json()["total"] == 0

        # A key of somebody who was not let in opens nothing either.
        assert eve.http.put(own, json={"secret": ADA.hf_token}).status_code == 200
        answer = eve.post("/api/datasets/download/huggingface", {"dataset_id": HF_GATED})
        assert (answer.status_code, answer.json()["code"]) == (403, "gated")
        assert eve.get("/api/datasets?registered=false").json()["total"] == 0

        removed = ada.http.delete(own).json()
        assert (removed["own"], removed["state"]) == (False, "anonymous")
        assert GRACE.hf_token not in server.log


def test_a_key_that_was_sealed_with_another_secret_is_as_good_as_none(hubs: Hubs, tmp_path: Path) -> None:
    """A server that was moved without its SECRET_KEY searches and tells of its sources; the key can be set
    again."""
    own = "/api/sources/huggingface/credential"
    with Server(tmp_path / "data", **hubs.settings, SECRET_KEY="a" * 32) as server:
        assert server.client().http.put(own, json={"secret": GRACE.hf_token}).status_code == 200
    with Server(tmp_path / "data", **hubs.settings, SECRET_KEY="b" * 32) as server:
        ada = server.client()
        sources = {source["name"]: source for source in ada.get("/api/sources").json()}
        assert sources["huggingface"]["own"] is False
        assert ada.post("/api/datasets/search-all", {"query": "diabetes"}).json()["datasets"]
        assert ada.http.put(own, json={"secret": GRACE.hf_token}).json()["own"] is True
