"""Models over the API: searched, shown in an answer, and refused where a dataset is asked for."""

from collections.abc import Iterator

import pytest

from tests.support.hubs import Hubs
from tests.support.server import Client, Server

WHISPER = "openai/whisper-small"


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Client]:
    with Server(tmp_path_factory.mktemp("models") / "data", **hubs.settings) as server:
        yield server.client()


def test_a_search_tells_of_models_and_what_was_understood(ada: Client) -> None:
    answer = ada.post("/api/models/search", {"query": "transcribe Welsh speech", "limit": 1}).json()
    assert [model["id"] for model in answer["models"]] == ["techiaith/wav2vec2-xlsr-ft-cy"]
    assert (answer["task"], answer["language"]) == ("automatic-speech-recognition", "cy")
    assert "pipeline_tag=automatic-speech-recognition&language=cy" in answer["url"]
    assert answer["source_errors"] == []
    named = ada.post("/api/models/search", {"query": "whisper", "filters": {"language": "Welsh"}}).json()
    assert named["models"][0]["id"] == WHISPER
    unknown = ada.post("/api/models/search", {"query": "whisper", "filters": {"language": "Elvish"}})
    assert "there is no language 'Elvish'" in unknown.json()["detail"]
    refused = ada.post("/api/models/search", {"query": " … "})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_an_answer_shows_models_beside_no_dataset(ada: Client) -> None:
    chat = ada.post("/api/chats", {}).json()["id"]
    said = ada.post(f"/api/chats/{chat}/messages", {"content": "which model can transcribe Welsh speech?"})
    message = said.json()
    assert WHISPER in [model["id"] for model in message["models"]]
    assert message["downloadable_datasets"] is None
    assert [call["name"] for call in message["tool_calls"]] == ["search_models"]


@pytest.mark.parametrize(
    ("route", "dataset_id"),
    [
        ("/api/datasets/download/huggingface", WHISPER),
        ("/api/datasets/download-dataset", f"huggingface:{WHISPER}"),
        ("/api/datasets/plan-download", f"huggingface:{WHISPER}"),
        ("/api/datasets/download-dataset", f"https://huggingface.co/{WHISPER}"),
        ("/api/datasets/download-dataset", "https://www.kaggle.com/models/google/gemma"),
    ],
)
def test_a_model_is_refused_where_a_dataset_is_asked_for(ada: Client, route: str, dataset_id: str) -> None:
    refused = ada.post(route, {"dataset_id": dataset_id})
    assert refused.status_code in (404, 422)
    assert "model" in refused.json()["detail"]
    assert "only datasets are downloaded here" in refused.json()["detail"]
    assert ada.get("/api/jobs").json() == []
