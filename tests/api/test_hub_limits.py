"""A hub's limit that holds on for longer than it said, through the product's own routes."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.hubs import Hubs
from tests.support.server import Server

HEART = "andrewmvd/heart-failure-clinical-data"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Any:
    settings = hubs.settings | {
        "DATAFERRY_RETRIES": "2",
        "DATAFERRY_RETRY_DELAY_S": "0.02",
        "DATAFERRY_LIMIT_DELAY_S": "0.1",
        "DATAFERRY_BREAKER_S": "0",
    }
    with Server(tmp_path_factory.mktemp("limits") / "data", **settings) as server:
        yield server


@pytest.mark.parametrize(("where", "style"), [("api", "retry-after"), ("bytes", "none")])
def test_a_limit_that_outlasts_its_own_word_ends_no_download(
    server: Server, hubs: Hubs, where: str, style: str
) -> None:
    """Kaggle/kaggle-cli#938, #931, #494 (facts/wire.md 2.3): still limited after the time in ``Retry-After``,
    or no such header. It is refused more often than a job has attempts."""
    ada = server.client()
    hubs.kaggle.fault("rate_limit", where=where, style=style, seconds=0, times=8)
    answer = ada.post("/api/datasets/download/kaggle", {"dataset_id": HEART, "force_download": True})
    assert answer.status_code == 202, answer.text
    job = ada.finished(answer.json()["job_id"])
    assert (job["state"], job["attempt"]) == ("succeeded", 1), job
    events = ada.get(f"/api/jobs/{job['id']}/events").json()
    waits = [event["problem"]["code"] for event in events if event["state"] == "waiting"]
    assert len(waits) > 2
    assert set(waits) == {"source_rate_limited"}
    assert any(Path(job["file_path"]).iterdir())
