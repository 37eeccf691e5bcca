"""What is asked for in the address: a parameter, a ref with a slash, a revision."""

from typing import Any

import pytest

from tests.support.hubs import Hubs
from tests.support.server import Client, Server

PIMA = "uciml/pima-indians-diabetes-database"
IMDB = "stanfordnlp/imdb"
WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Any:
    with Server(tmp_path_factory.mktemp("addresses") / "data", **hubs.settings) as server:
        client = server.client()
        for ref in (f"kaggle:{PIMA}", f"huggingface:{IMDB}"):
            answer = client.post("/api/datasets/download-dataset", {"dataset_id": ref}, headers=WAIT)
            assert answer.status_code == 200, answer.text
        yield client


@pytest.mark.parametrize(
    ("path", "parameter", "meant"),
    [
        ("/api/jobs", "stat", "Did you mean state?"),
        ("/api/jobs", "State", "Did you mean state?"),
        ("/api/jobs", "per_page", "Did you mean limit?"),
        ("/api/datasets", "pagesize", "Did you mean page_size?"),
        ("/api/datasets", "search", "Did you mean q?"),
        ("/api/chats", "zzz", "It takes "),
        ("/api/auth/me", "verbose", "It takes none."),
        ("/api/health/live", "x", "It takes none."),
    ],
)
def test_an_unknown_parameter_is_refused_and_near_ones_named(
    ada: Client, path: str, parameter: str, meant: str
) -> None:
    """A filter that was ignored answered with everything (intuitem/ciso-assistant-community#4701)."""
    answer = ada.get(path, params={parameter: "1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert repr(parameter) in answer.json()["detail"]
    assert answer.json()["next_step"].startswith(meant)


def test_who_is_not_signed_in_is_told_that_first(ada: Client) -> None:
    answer = ada.get("/api/jobs", params={"x": "1"}, headers={"Authorization": ""})
    assert answer.status_code == 401


@pytest.mark.parametrize("ref", [f"kaggle:{PIMA}", f"huggingface:{IMDB}", f"Kaggle:{PIMA}"])
@pytest.mark.parametrize("slash", ["/", "%2F", "~"])
def test_a_ref_with_a_slash_is_found(ada: Client, ref: str, slash: str) -> None:
    """The address ended at the slash, encoded or not (goharbor/harbor#10860)."""
    written = ref.replace("/", slash)
    dataset = ada.get(f"/api/datasets/{written}")
    assert dataset.status_code == 200, dataset.text
    assert dataset.json()["ref"].lower() == ref.lower()
    for subroute in ("receipt", "files", "preview/files", "readme"):
        assert ada.get(f"/api/datasets/{written}/{subroute}").is_success, subroute
    gone = ada.get(f"/api/datasets/{written}x")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert ref.partition("/")[2] in gone.json()["detail"]


@pytest.mark.parametrize("subroute", ["", "/receipt", "/files", "/preview/files"])
def test_a_revision_that_is_missing_is_told_with_those_there_are(ada: Client, subroute: str) -> None:
    path = f"/api/datasets/kaggle:{PIMA}"
    revision = ada.get(path).json()["revision"]
    answer = ada.get(path + subroute, params={"revision": "zzz"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "no revision 'zzz'" in answer.json()["detail"]
    assert revision[:12] in answer.json()["next_step"]
    assert ada.get(path + subroute, params={"revision": revision}).is_success
    by_id = ada.get(f"/api/datasets/{ada.get(path).json()['id']}", params={"revision": "zzz"})
    assert by_id.status_code == 404
