"""What goes wrong at a hub or on the way, seen through the product's own routes.

Each ends in a typed problem with the next act, leaves nothing that looks complete, and needs no cleaning up
before the next try.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import made
from tests.fakes.catalogue import IMDB
from tests.fakes.dataset import FakeDataset, single
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

HEART = "andrewmvd/heart-failure-clinical-data"
DATASETS = {"kaggle": HEART, "huggingface": IMDB}
SETTINGS = {"kaggle": ("KAGGLE_USERNAME", "KAGGLE_KEY"), "huggingface": ("HF_TOKEN",)}
#: The others are reported before a job begins.
ON_THE_WAY = ("checksum_mismatch", "content_changed", "network", "unsafe_archive")
#: Of no use to try again as they are.
FINAL = ("gated", "source_not_configured", "unsafe_archive")
WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    """Impatient: one attempt, and nothing remembered of an earlier question."""
    settings = hubs.settings | {
        "DATAFERRY_RETRIES": "0",
        "DATAFERRY_STALL_TIMEOUT_S": "0.5",
        "DATAFERRY_SEARCH_CACHE_S": "0",
        "DATAFERRY_BREAKER_S": "0",
    }
    with Server(tmp_path_factory.mktemp("problems") / "data", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


@pytest.mark.parametrize(
    ("source", "fault", "status", "code"),
    [
        ("kaggle", ("wrong_bytes", {}), 502, "checksum_mismatch"),
        ("huggingface", ("wrong_bytes", {}), 502, "checksum_mismatch"),
        ("kaggle", ("short_body", {}), 502, "checksum_mismatch"),
        ("huggingface", ("short_body", {}), 502, "content_changed"),
        ("kaggle", ("drop_after", {"bytes": 100}), 502, "network"),
        ("huggingface", ("drop_after", {"bytes": 100}), 502, "network"),
        ("kaggle", ("stall", {"bytes": 100}), 502, "network"),
        ("kaggle", ("zip_slip", {}), 422, "unsafe_archive"),
        ("kaggle", ("zip_bomb", {"bytes": 600_000_000}), 422, "unsafe_archive"),
        ("huggingface", ("gated", {}), 403, "gated"),
        ("kaggle", ("garbage", {}), 502, "source_protocol"),
        ("huggingface", ("server_error", {}), 502, "source_unreachable"),
        ("huggingface", ("edge_refuses", {}), 502, "source_unreachable"),
        ("huggingface", ("edge_refuses", {"kind": "text"}), 502, "source_unreachable"),
        ("huggingface", ("rate_limit", {}), 429, "source_rate_limited"),
        ("kaggle", ("requires_credentials", {}), 503, "source_not_configured"),
        ("huggingface", ("requires_credentials", {}), 503, "source_not_configured"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0] if isinstance(value, tuple) else None,
)
def test_a_fault_is_a_typed_problem_and_the_next_try_works(
    server: Server,
    ada: Client,
    hubs: Hubs,
    source: str,
    fault: tuple[str, dict[str, Any]],
    status: int,
    code: str,
) -> None:
    fake = hubs.kaggle if source == "kaggle" else hubs.hub
    body = {"dataset_id": DATASETS[source], "force_download": True}
    name, options = fault
    fake.fault(name, **options)
    try:
        answer = ada.post(f"/api/datasets/download/{source}", body, headers=WAIT)
    finally:
        hubs.heal()
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    assert problem["next_step"]
    assert problem["retryable"] == (code not in FINAL)
    if code == "gated":
        assert DATASETS[source] in problem["link"]
    if code == "source_not_configured":
        for setting in SETTINGS[source]:
            assert setting in problem["setting"]
            assert setting not in problem["next_step"]
        assert problem["screen"] == f"/settings/sources#{source}"
    assert "Traceback" not in answer.text
    assert not files_of(server, source)
    row = ada.get(f"/api/datasets/{source}:{DATASETS[source].replace('/', '~')}").json()
    assert row.get("downloaded") is not True
    if code in ON_THE_WAY:
        assert row["status"] == "failed"
        assert row["error"].startswith(problem["detail"])

    again = ada.post(f"/api/datasets/download/{source}", body, headers=WAIT)
    assert again.status_code == 200, again.text
    assert files_of(server, source)
    key = again.json()["key"]
    row = ada.get(f"/api/datasets/{key}").json()
    assert (row["downloaded"], row["status"], row["error"]) == (True, "downloaded", None)
    deletion = ada.http.delete(f"/api/datasets/{key}/data").json()
    assert ada.finished(deletion["job_id"])["state"] == "succeeded"


def files_of(server: Server, source: str) -> list[Path]:
    """What stands in the dataset's own place, where only complete datasets may."""
    folder = server.data_dir / "downloads" / source / DATASETS[source]
    return [path for path in folder.rglob("*") if path.is_file()]


def test_nothing_is_no_success(server: Server, ada: Client, hubs: Hubs) -> None:
    """An archive without a member, a repository without a file, a choice that nothing fits
    (huggingface/huggingface_hub#4653): each is said."""
    empty = FakeDataset("kaggle", "acme/hollow", "Hollow", "", "MIT", single("a.csv", made.pima))
    empty.latest.archive = made.archive({})
    hubs.kaggle.catalogue.add(empty)
    hubs.hub.catalogue.add(FakeDataset("huggingface", "acme/bare", "Bare", "", "mit", dict, bare=True))
    for source, body, words in (
        ("kaggle", {"dataset_id": "acme/hollow"}, "There are no files"),
        ("huggingface", {"dataset_id": "acme/bare"}, "acme/bare has no files"),
        ("huggingface", {"dataset_id": IMDB, "files": ["*.tiff"]}, "no file *.tiff"),
        ("huggingface", {"dataset_id": IMDB, "config": "plain_text", "split": "dev"}, "no split 'dev'"),
        ("kaggle", {"dataset_id": HEART, "files": ["*.tiff"]}, "no file *.tiff"),
    ):
        answer = ada.post(f"/api/datasets/download/{source}", body, headers=WAIT)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), answer.text
        assert words in answer.json()["detail"]
        assert answer.json()["next_step"]
    tree = [path for path in (server.data_dir / "downloads").rglob("*") if path.is_file()]
    assert not [path for path in tree if ".incomplete" not in path.parts]
