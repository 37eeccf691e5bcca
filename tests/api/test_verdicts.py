"""The verdict before a download: licence, terms, room, rows and columns."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.catalogue import CHEST_XRAY, IMDB
from tests.fakes.dataset import FakeDataset
from tests.support.hubs import Hubs
from tests.support.server import Client, Server

INFO = {
    "config_name": "default",
    "features": [{"name": "text", "dtype": "string"}, {"name": "label", "dtype": "int64"}],
    "splits": [{"name": "train", "num_examples": 25_000}, {"name": "test", "num_examples": 25_000}],
}


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("verdicts") / "data"
    with Server(folder, DATAFERRY_SEARCH_CACHE_S="0", **hubs.settings) as server:
        yield server.client()


def add(hubs: Hubs, name: str, licence: str, **card: Any) -> str:
    """A dataset at HuggingFace with the files of another one; its key."""
    make = next(one.make for one in hubs.hub.catalogue.at("huggingface") if one.id == IMDB)
    hubs.hub.catalogue.add(FakeDataset("huggingface", f"ada/{name}", name, "", licence, make, card=card))
    return f"huggingface:ada~{name}"


def verdict(client: Client, key: str) -> dict[str, Any]:
    answer = client.get(f"/api/datasets/{key}/verdict")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def terms(verdict: dict[str, Any]) -> dict[str, str]:
    return {term["topic"]: term["verdict"] for term in verdict["licence"]["terms"]}


def test_a_licence_in_plain_words(ada: Client, hubs: Hubs) -> None:
    told = verdict(ada, add(hubs, "closed", "cc-by-nc-nd-4.0"))
    licence = told["licence"]
    assert (licence["name"], licence["spdx_id"]) == ("CC BY-NC-ND 4.0", "CC-BY-NC-ND-4.0")
    assert licence["short"] == "no commercial use"
    assert licence["url"] == "https://creativecommons.org/licenses/by-nc-nd/4.0/"
    assert terms(told) == {
        "commercial": "forbidden",
        "sharing": "allowed",
        "changing": "forbidden",
        "training": "not_mentioned",
        "attribution": "required",
        "share_alike": "not_required",
    }
    assert "not legal advice" in licence["caution"]
    assert told["gate"]["state"] == "open"


def test_what_is_not_stated_is_not_guessed(ada: Client, hubs: Hubs) -> None:
    told = verdict(ada, add(hubs, "unstated", "unknown"))
    assert told["licence"]["name"] == "no licence stated"
    assert not told["licence"]["stated"]
    assert set(terms(told).values()) == {"unknown"}


def test_own_terms_are_named_with_their_link(ada: Client, hubs: Hubs) -> None:
    key = add(hubs, "own", "other", license_name="Ada's terms, for research only", license_link="LICENSE.md")
    licence = verdict(ada, key)["licence"]
    assert licence["name"] == "Ada's terms, for research only"
    assert licence["url"] == f"{hubs.hub.url}/datasets/ada/own/blob/main/LICENSE.md"
    assert (licence["stated"], licence["known"]) == (True, False)


def test_of_several_licences_the_strictest_counts(ada: Client, hubs: Hubs) -> None:
    key = add(hubs, "several", "mit", license=["mit", "cc-by-nc-4.0"])
    licence = verdict(ada, key)["licence"]
    assert (licence["name"], licence["spdx_id"]) == ("MIT, CC BY-NC 4.0", None)
    assert licence["commercial"] == "forbidden"


def test_rows_and_columns_as_the_card_tells_them(ada: Client, hubs: Hubs) -> None:
    table = verdict(ada, add(hubs, "told", "mit", dataset_info=INFO))["table"]
    assert (table["rows"], table["columns"], table["words"]) == (50_000, 2, "50,000 rows, 2 columns")
    # Two configs may be the same rows again.
    twice = [INFO | {"config_name": "a"}, INFO | {"config_name": "b"}]
    assert verdict(ada, add(hubs, "twice", "mit", dataset_info=twice))["table"] is None
    nonsense = {"features": "text", "splits": [{"num_examples": "many"}, 7]}
    assert verdict(ada, add(hubs, "nonsense", "mit", dataset_info=nonsense))["table"] is None


def test_terms_to_accept_and_whose_account_it_would_be(ada: Client, hubs: Hubs) -> None:
    gate = verdict(ada, f"huggingface:{hubs.gated.replace('/', '~')}")["gate"]
    assert gate["state"] == "by_hand"
    assert gate["url"].endswith(f"/datasets/{hubs.gated}")
    assert "Settings" in gate["account"]
    # Kaggle tells of terms only when files are asked for.
    gate = verdict(ada, f"kaggle:{CHEST_XRAY.replace('/', '~')}")["gate"]
    assert gate["state"] == "not_told"


def test_the_plan_of_an_archive_counts_what_it_takes_while_it_is_unpacked(ada: Client) -> None:
    plan = ada.post("/api/datasets/plan-download", {"dataset_id": f"kaggle:{CHEST_XRAY}"}).json()
    room = plan["verdict"]["room"]
    assert room["peak_bytes"] == plan["fetch_bytes"] + plan["disk_space"]["needed_bytes"]
    assert "while it is unpacked" in room["words"]
    # Nothing of that size was downloaded before: no time is said.
    assert (room["seconds"], room["rate_bps"]) == (None, None)
    assert plan["verdict"]["gate"]["state"] == "open"


def test_every_card_of_a_search_has_its_licence_in_a_line(ada: Client, hubs: Hubs) -> None:
    add(hubs, "zebra-licences", "cc-by-sa-4.0")
    [card] = ada.post("/api/datasets/search-all", {"query": "zebra-licences"}).json()["datasets"]
    assert card["licence"]["name"] == "CC BY-SA 4.0"
    assert card["licence"]["short"] == "commercial use allowed"
