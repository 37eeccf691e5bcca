"""One vocabulary: whatever tells of a dataset has the same names, with the same types and the same values."""

import json
from typing import Any

import pytest

from dataferry.app import openapi_document
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

SIX = ("DatasetCard", "DownloadTicket", "JobView", "DatasetView", "Receipt", "JobTransition")
STRINGS = ("source", "source_name", "source_label", "ref", "key", "dataset_id", "library_id", "state", "path")
WAIT = {"Prefer": "wait"}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(openapi_document())["components"]["schemas"]
    return found


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Any:
    with Server(tmp_path_factory.mktemp("vocabulary") / "data", **hubs.settings) as server:
        yield server.client()


def types_of(schemas: dict[str, Any], field: dict[str, Any]) -> set[str]:
    """The JSON types that a field may have, but null."""
    if "$ref" in field:
        return types_of(schemas, schemas[field["$ref"].rpartition("/")[2]])
    if "anyOf" in field:
        return set().union(*(types_of(schemas, one) for one in field["anyOf"])) - {"null"}
    return {field.get("type", "string" if "const" in field else "")}


@pytest.mark.parametrize("name", SIX)
def test_every_object_has_the_common_names_with_the_same_types(schemas: dict[str, Any], name: str) -> None:
    fields = schemas[name]["properties"]
    assert {field: types_of(schemas, fields[field]) for field in STRINGS} == {f: {"string"} for f in STRINGS}
    assert types_of(schemas, fields["size_bytes"]) == {"integer"}


def test_every_time_is_one_in_iso_form_too(schemas: dict[str, Any]) -> None:
    for name, schema in schemas.items():
        fields = schema.get("properties", {})
        for field, about in fields.items():
            if field.endswith("_at") or field == "at":
                options = [one for one in about.get("anyOf", [about]) if one.get("type") != "null"]
                assert [one.get("format") for one in options] == ["date-time"], (name, field)
            if field.endswith("_ms"):
                stem = field.removesuffix("_ms").removesuffix("_at")
                assert f"{stem}_at" in fields, (name, field)


def test_the_six_say_the_same_of_one_dataset(ada: Client) -> None:
    ticket = ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}, headers=WAIT).json()
    job = ada.job(ticket["job_id"])
    dataset = ada.get(f"/api/datasets/{ticket['key']}").json()
    receipt = ada.get(f"/api/datasets/{ticket['key']}/receipt").json()
    event = ada.get(f"/api/jobs/{ticket['job_id']}/events").json()[-1]
    found = ada.post("/api/datasets/search-all", {"query": "iris", "sources": ["Built-in"]}).json()[
        "datasets"
    ]
    card = next(card for card in found if card["ref"] == "builtin:iris")
    for each in (ticket, job, dataset, receipt, event, card):
        assert (each["source_name"], each["source_label"]) == ("builtin", "Built-in")
        assert (each["ref"], each["key"]) == ("builtin:iris", "builtin:iris")
        assert each["library_id"] == dataset["id"]
        assert each["path"] == dataset["local_path"]
        assert each["size_bytes"] > 0
    # What older clients read stays where they read it.
    assert (card["source"], ticket["source"], ticket["dataset_id"]) == (
        "Built-in",
        "Built-in",
        "builtin:iris",
    )
    assert (dataset["status"], dataset["size"], ticket["status"]) == (
        "downloaded",
        receipt["size"],
        "succeeded",
    )
    assert [dataset["source"], receipt["source"], job["source"], event["source"]] == ["builtin"] * 4
    assert {each["dataset_id"] for each in (card, job, dataset, receipt, event)} == {dataset["id"]}
    states = [each["state"] for each in (card, dataset, receipt, ticket, job, event)]
    assert states == ["downloaded"] * 3 + ["succeeded"] * 3
    assert dataset["downloaded_at"].endswith("Z")


@pytest.mark.parametrize("source", ["Built-in", "builtin", "BUILT-IN", "built in"])
def test_a_source_is_taken_by_its_name_and_its_label(ada: Client, source: str) -> None:
    body = {"source": source, "dataset_id": "iris"}
    assert ada.post("/api/datasets/download-dataset", body).json()["source_name"] == "builtin"
    assert ada.post("/api/datasets/search-all", {"query": "iris", "sources": [source]}).is_success
    assert ada.get("/api/datasets", params={"source": source}).is_success


@pytest.mark.parametrize("route", ["kaggle", "huggingface"])
def test_a_ref_of_another_source_goes_there_and_the_answer_says_so(ada: Client, route: str) -> None:
    label = {"kaggle": "Kaggle", "huggingface": "HuggingFace"}[route]
    for headers in ({}, WAIT):
        body = {"dataset_id": "builtin:iris"}
        ticket = ada.post(f"/api/datasets/download/{route}", body, headers=headers).json()
        assert (ticket["source"], ticket["requested_source"]) == ("Built-in", label)
        assert ticket["message"].endswith(f"The ref names Built-in, so {label} was not asked.")
    own = ada.post("/api/datasets/download-dataset", {"dataset_id": "builtin:iris"}).json()
    assert own["requested_source"] is None


@pytest.mark.parametrize("wait", ["abc", "-1", "1e3", "nan", '"x"', "10s"])
def test_a_wait_that_is_no_number_is_refused(ada: Client, wait: str) -> None:
    answer = ada.post(
        "/api/datasets/download-dataset", {"dataset_id": "builtin:wine"}, headers={"Prefer": f"wait={wait}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "wait=" in answer.json()["detail"]
    assert not [job for job in ada.get("/api/jobs").json() if job["ref"] == "builtin:wine"]


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait", "wait=36000"),
        ("wait=" + "9" * 40, "wait=36000"),
        ('respond-async, WAIT="5"; x=1', "wait=5"),
        ("wait=0.5", "wait=0.5"),
        ("respond-async", None),
        ("handling=lenient; wait=3", None),
    ],
)
def test_the_wait_that_was_applied_is_told(ada: Client, prefer: str, applied: str | None) -> None:
    body = {"dataset_id": "builtin:iris"}
    answer = ada.post("/api/datasets/download-dataset", body, headers={"Prefer": prefer})
    assert answer.is_success
    assert answer.headers.get("Preference-Applied") == applied
