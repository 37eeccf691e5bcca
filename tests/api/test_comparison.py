"""Datasets side by side over the API."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.catalogue import IMDB, PIMA
from tests.fakes.content import text
from tests.fakes.dataset import FakeDataset, single
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

KAGGLE, HUGGINGFACE = f"kaggle:{PIMA}", f"huggingface:{IMDB}"


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Client]:
    with Server(tmp_path_factory.mktemp("compare") / "data", **hubs.settings) as server:
        yield server.client()


def compared(client: Client, *refs: str) -> dict[str, Any]:
    answer = client.get("/api/datasets/compare", params=[("ref", ref) for ref in refs])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def facts(comparison: dict[str, Any]) -> dict[str, tuple[list[Any], bool]]:
    return {fact["name"]: (fact["values"], fact["differs"]) for fact in comparison["facts"]}


def test_facts_side_by_side_and_where_they_differ(ada: Client) -> None:
    found = compared(ada, KAGGLE, HUGGINGFACE)
    assert [one["ref"] for one in found["datasets"]] == [KAGGLE, HUGGINGFACE]
    told = facts(found)
    assert told["source"] == (["Kaggle", "HuggingFace"], True)
    assert told["access"] == (["open", "open"], False)
    assert told["license"][0][0] == "CC0-1.0"
    assert told["commercial"][0][0] == "the text allows it"
    assert told["here"] == (["no", "no"], False)


def test_columns_are_aligned_by_name_and_empty_cells_counted(ada: Client, hubs: Hubs) -> None:
    """Of those that are here the first rows are read. A name spelt otherwise is the same column."""
    hubs.hub.catalogue.add(
        FakeDataset(
            "huggingface",
            "clinic/pima-copy",
            title="Pima copy",
            description="",
            license="mit",
            make=single("pima.csv", lambda: text("glucose,blood_pressure,note\n148,72,\n85,,x\n")),
        )
    )
    for ref in (KAGGLE, "huggingface:clinic/pima-copy"):
        body = {"dataset_id": ref}
        assert ada.post("/api/datasets/download-dataset", body, headers={"Prefer": "wait"}).status_code == 200
    found = compared(ada, KAGGLE, "huggingface:clinic/pima-copy")
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["Glucose"]["types"] == ["number", "number (“glucose”)"]
    assert not columns["Glucose"]["differs"]
    assert columns["BloodPressure"]["empty"][1] == 1
    assert columns["note"]["types"] == [None, "text"]
    assert columns["note"]["differs"]
    assert facts(found)["rows"][0][1] == "2 in pima.csv"
    assert facts(found)["here"] == (["yes", "yes"], False)


def test_what_a_card_declares_needs_no_download(ada: Client, hubs: Hubs) -> None:
    declared = hubs.hub.catalogue.add(
        FakeDataset(
            "huggingface",
            "lab/declared",
            title="Declared",
            description="",
            license="mit",
            make=single("a.bin", lambda: text("x")),
        )
    )
    declared.card["dataset_info"] = {
        "features": [
            {"name": "text", "dtype": "string"},
            {"name": "label", "dtype": {"class_label": {"names": {"0": "neg"}}}},
            {"name": "scores", "sequence": "float32"},
            {"nonsense": 1},
        ],
        "splits": [{"name": "train", "num_examples": 25_000}, {"name": "test", "num_examples": 5_000}],
    }
    found = compared(ada, "huggingface:lab/declared", HUGGINGFACE)
    told = facts(found)
    assert told["rows"][0][0] == "30,000"
    assert told["splits"][0][0] == "train 25,000 · test 5,000"
    assert {column["name"]: column["types"][0] for column in found["columns"]} == {
        "text": "string",
        "label": "class label",
        "scores": "list of float32",
    }


def test_one_that_fails_is_told_in_its_place(ada: Client) -> None:
    found = compared(ada, KAGGLE, "huggingface:nobody/nothing", "not a ref")
    first, missing, nonsense = found["datasets"]
    assert first["card"]["ref"] == KAGGLE
    assert missing["card"] is None
    assert missing["problem"]["code"] == "not_found"
    assert nonsense["problem"]["code"] == "invalid_input"
    assert all(not fact["differs"] for fact in found["facts"])


@pytest.mark.parametrize("refs", [[KAGGLE], [KAGGLE, KAGGLE], [f"kaggle:a/b{n}" for n in range(7)]])
def test_it_takes_two_to_six_different_ones(ada: Client, refs: list[str]) -> None:
    answer = ada.get("/api/datasets/compare", params=[("ref", ref) for ref in refs])
    assert answer.status_code == 422
    assert "2 to 6 different datasets" in answer.json()["detail"]
