"""A search over HTTP: what is here stands first, filters that leave nothing say so, any text is borne."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.content import text
from tests.fakes.dataset import FakeDataset, single
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Client, Server

HUB = "/api/datasets/search-all"
OWLS = "huggingface:roost/owl-pellets"
FAR = "kaggle:ridge/owl-census"


def _dataset(hub: Any, dataset_id: str, title: str, description: str, **fields: Any) -> FakeDataset:
    content = single("a.csv", lambda: text("a,b\n1,2\n" * 400))
    return FakeDataset(hub, dataset_id, title, description, fields.pop("license", "mit"), content, **fields)


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    for dataset in (
        _dataset(
            "huggingface",
            "roost/owl-pellets",
            "owl-pellets",
            "What owls ate.",
            tags=("language:de",),
            license="cc-by-nc-4.0",
        ),
        _dataset("huggingface", "roost/owl-talk", "owl-talk", "Legends.", tags=("language:fr",), gated=True),
        _dataset("kaggle", "ridge/owl-census", "Owl Census", "Counts of owls in a forest.", downloads=90_000),
        _dataset("kaggle", "ridge/roof-tiles", "Images of Roof Tiles", "Photographs.", tags=("image",)),
    ):
        hubs.kaggle.catalogue.add(dataset)
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("search") / "data", **hubs.settings) as server:
        yield server


@pytest.fixture(scope="module")
def ada(server: Server) -> Client:
    return server.client()


def search(person: Client, query: str, filters: dict[str, Any] | None = None, **asked: Any) -> Any:
    answer = person.post(HUB, {"query": query, "filters": filters or {}, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refs(answer: Any) -> list[str]:
    return [card["ref"] for card in answer["datasets"]]


def test_what_is_downloaded_stands_first_also_when_no_hub_answers(
    ada: Client, server: Server, hubs: Hubs
) -> None:
    assert refs(search(ada, "owls"))[0] == FAR
    request = {"dataset_id": "roost/owl-pellets"}
    done = ada.post("/api/datasets/download/huggingface", request, headers={"Prefer": "wait"})
    assert done.json()["status"] == "succeeded", done.text

    found = search(ada, "owls")
    assert refs(found)[0] == OWLS
    assert len(refs(found)) == len(set(refs(found)))
    assert FAR in refs(found)
    assert found["datasets"][0]["local_status"] == "downloaded"
    # In German, and by a page of its own for each: nothing comes twice, nothing is left out.
    pages = [search(ada, "Daten über Eulen", limit=1, offset=n) for n in range(3)]
    assert [ref for page in pages for ref in refs(page)] == refs(search(ada, "Daten über Eulen"))[:3]
    # An order that is asked for is kept, and so are the filters.
    assert refs(search(ada, "owls", {"sort": "downloads"}))[0] == FAR
    assert OWLS not in refs(search(ada, "owls", {"license": "cc0"}))
    # Not for whoever searches something else, or has asked one source alone.
    assert OWLS not in refs(search(ada, "foxes"))
    assert OWLS not in refs(search(ada, "owls", sources=["kaggle"]))
    # Another person sees what is public here too.
    assert refs(search(server.client("bob@example.org"), "owls"))[0] == OWLS

    for hub in (hubs.kaggle, hubs.hub):
        hub.fault("hang_up")
    try:
        away = search(ada, "owl pellets")
    finally:
        hubs.heal()
    assert refs(away) == [OWLS]
    assert len(away["source_errors"]) == 2


def test_filters_that_leave_nothing_say_how_much_each_leaves_out(ada: Client) -> None:
    answer = search(ada, "owl talk", {"language": "ja", "gated": False}, sources=["huggingface"])
    assert answer["datasets"] == []
    assert {one["filter"]: one["count"] for one in answer["left_out"]} == {"language": 2, "gated": 1}
    assert search(ada, "owl talk", {"language": "fr"})["left_out"] == []


def test_a_filter_leaves_what_may_be_used_commercially(ada: Client) -> None:
    assert OWLS in refs(search(ada, "owl pellets"))
    answer = search(ada, "owl pellets", {"commercial": True})
    assert refs(answer)
    assert OWLS not in refs(answer)
    assert all(card["licence"]["commercial"] in ("allowed", "conditions") for card in answer["datasets"])


def test_a_hub_that_narrows_its_search_does_not_hide_what_is_not_stated(ada: Client) -> None:
    """Most datasets at HuggingFace state no language: a search for German alone finds none of them."""
    answer = search(ada, "scikit-learn/diabetes", {"language": "de"}, sources=["huggingface"])
    assert "huggingface:scikit-learn/diabetes" in refs(answer)
    assert all("language not stated" in card["why"] for card in answer["datasets"])


def test_it_is_told_that_nothing_is_about_the_subject(ada: Client) -> None:
    answer = search(ada, "images of zeppelins", sources=["kaggle"])
    assert answer["nothing_about"] == "zeppelins"
    assert "kaggle:ridge/roof-tiles" in refs(answer)
    assert search(ada, "images of roof tiles")["nothing_about"] is None


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"min_bytes": 10, "max_bytes": 1}, "filters: min_bytes is more than max_bytes"),
        ({"updated_after": "2999-01-01"}, "updated_after is in the future"),
        ({"license": "unknown"}, "filters.license: no licence is known as 'unknown'"),
        ({"language": "xq"}, "filters.language: there is no language 'xq'"),
        ({"modality": "smell"}, "filters.modality"),
        ({"colour": "red"}, "filters.colour"),
    ],
)
def test_filters_that_no_dataset_can_meet_are_refused_by_name(
    ada: Client, filters: dict[str, Any], said: str
) -> None:
    answer = ada.post(HUB, {"query": "owls", "filters": filters})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "the of and",
        "owl\x00s",
        "\x1b[31mowls\x07",
        "<b>owls</b> {{7*7}}",
        "\u202eslwo owls",
        "owls بوم 猫头鹰 フクロウ",
    ],
    ids=["stop words", "NUL", "control characters", "markup", "right to left", "mixed scripts"],
)
def test_any_text_is_searched_for(ada: Client, query: str) -> None:
    found = search(ada, query)
    assert found["query"] == query
    assert found["source_errors"] == []
    if "owls" in query:
        assert FAR in refs(found)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("x" * 10_000, "at most 500 characters"),
        ("owls " * 99, "at most 400 can be used"),
        ("🙂 🎉 👍🏽", "nothing to search for"),
        ("\x00 \t", "nothing to search for"),
    ],
    ids=["10,000 characters", "495 characters", "emoji", "control characters"],
)
def test_what_is_no_search_is_refused_in_words(ada: Client, query: str, said: str) -> None:
    answer = ada.post(HUB, {"query": query})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert answer.json()["next_step"]
