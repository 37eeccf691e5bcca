"""The same data at both hubs is one card, from the search to the download of either."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.catalogue import ada
from tests.fakes.content import generated
from tests.fakes.dataset import Catalogue, FakeDataset, Hub, single
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

NAME = "tides/harbour-tide-gauges"
KAGGLE, HUGGINGFACE = f"kaggle:{NAME}", f"huggingface:{NAME}"
SIZE = 71_209


def gauges(hub: Hub, name: str, license: str, downloads: int, size: int = SIZE) -> FakeDataset:
    return FakeDataset(
        hub,
        name,
        "Harbour Tide Gauges",
        "Water level at 83 gauges.",
        license,
        single("levels.csv", lambda: generated(size, 1)),
        downloads=downloads,
    )


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    datasets = [
        gauges("kaggle", NAME, "unknown", downloads=90_000),
        gauges("huggingface", NAME, "cc0-1.0", downloads=12),
        gauges("kaggle", f"{NAME}-sample", "CC0: Public Domain", downloads=300, size=1_024),
    ]
    hubs = Hubs(KaggleFake(Catalogue(datasets, [ada()])), HubFake(Catalogue(datasets, [ada()])))
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Client]:
    with Server(tmp_path_factory.mktemp("folded") / "data", **hubs.settings) as server:
        yield server.client()


def search(client: Client, **body: Any) -> list[dict[str, Any]]:
    answer = client.post("/api/datasets/search-all", {"query": "harbour tide gauges", **body})
    assert answer.status_code == 200, answer.text
    cards: list[dict[str, Any]] = answer.json()["datasets"]
    return cards


def refs(cards: list[dict[str, Any]]) -> list[list[str]]:
    return [[card["ref"], *(copy["ref"] for copy in card["copies"])] for card in cards]


def test_one_card_with_its_sources_until_the_library_has_one(client: Client) -> None:
    (card, sample) = search(client)
    assert refs([card, sample]) == [[HUGGINGFACE, KAGGLE], [f"{KAGGLE}-sample"]]
    (copy,) = card["copies"]
    assert (copy["source"], copy["license"], copy["size_bytes"], copy["local_status"]) == (
        "Kaggle",
        None,
        SIZE,
        "absent",
    )
    assert copy["why_same"] == "nearly the same size · same owner"  # a README more

    by_downloads = search(client, filters={"sort": "downloads"})
    assert refs(by_downloads) == [[KAGGLE, HUGGINGFACE], [f"{KAGGLE}-sample"]]
    # A copy that does not pass a filter is not told of.
    assert sorted(refs(search(client, filters={"license": "cc0"}))) == [[HUGGINGFACE], [f"{KAGGLE}-sample"]]

    chat = client.post("/api/chats").json()["id"]
    ask(client, chat, "harbour tide gauges")
    answer = ask(client, chat, "download the first one from Kaggle")
    (started,) = answer["downloadable_datasets"]
    assert started["ref"] == KAGGLE
    client.finished(started["job_id"])

    (card, _) = search(client)
    assert (card["ref"], card["local_status"]) == (KAGGLE, "downloaded")
    (copy,) = card["copies"]
    assert (copy["ref"], copy["local_status"]) == (HUGGINGFACE, "absent")
    # In the first chat the card is as it was, and its copy is known to be here.
    (earlier, _) = next(
        message["downloadable_datasets"]
        for message in client.get(f"/api/chats/{chat}/messages").json()
        if message["downloadable_datasets"]
    )
    assert (earlier["local_status"], earlier["copies"][0]["local_status"]) == ("absent", "downloaded")
    other = client.post("/api/chats").json()["id"]
    ask(client, other, "harbour tide gauges")
    answer = ask(client, other, "download the one from the other hub")
    assert answer["downloadable_datasets"][0]["ref"] == HUGGINGFACE
    assert "The same data is here already, from Kaggle." in answer["content"]


def ask(client: Client, chat: str, content: str) -> dict[str, Any]:
    answer = client.post(f"/api/chats/{chat}/messages", {"content": content})
    assert answer.status_code == 200, answer.text
    message: dict[str, Any] = answer.json()
    return message
