"""Searching and describing at Kaggle and HuggingFace: real client libraries against the fake hubs."""

from datetime import UTC

import pytest

from dataferry.core.errors import NotFound
from dataferry.core.types import DatasetRef
from tests.fakes.catalogue import IMDB, PIMA, ada
from tests.fakes.content import text
from tests.fakes.dataset import FakeDataset, single
from tests.fakes.difficult import UNTRUSTED
from tests.support.hub_source import Hub, fetch, holds

# -- searching --------------------------------------------------------------------------------------


def test_a_hit_tells_what_the_hub_knows(hub: Hub) -> None:
    hits = {hit.id: hit for hit in hub.search("diabetes")}
    wanted = hub.dataset(PIMA if hub.name == "kaggle" else "Bena345/cdc-diabetes-health-indicators")
    hit = hits[wanted.id]
    assert DatasetRef.parse(hit.ref) == hub.ref(wanted.id)
    assert (hit.title, hit.description) == (wanted.title, wanted.description)
    assert (hit.downloads, hit.likes) == (wanted.downloads, wanted.likes)
    assert hit.license == "CC0-1.0"
    assert hit.url.endswith(f"/datasets/{wanted.id}")
    assert hit.updated_at == wanted.updated
    assert hit.updated_at.tzinfo is UTC
    assert hit.size_bytes is not None
    assert hit.size_bytes >= wanted.latest.size
    assert hit.task
    assert {"classification", "tabular-classification"} & set(hit.tags)


def test_a_search_hit_names_the_revision_that_describe_finds(hub: Hub) -> None:
    hit = hub.search(hub.dataset(hub.public).title)[0]
    described = hub.source.describe(hub.ref(hit.id), None, hub.anonymous)
    assert hit.id == hub.public
    assert described.revision == hit.revision
    assert described.size_bytes == hit.size_bytes


def test_paging_shows_every_hit_once_and_in_order(hub: Hub) -> None:
    everything = [hit.id for hit in hub.search("", limit=100)]
    assert len(everything) == len(set(everything)) > 10
    paged: list[str] = []
    while page := hub.search("", limit=4, offset=len(paged)):
        paged += [hit.id for hit in page]
    assert paged == everything


def test_many_hits_come_from_several_pages_of_the_hub(hub: Hub) -> None:
    for number in range(130):
        hub.fake.catalogue.add(
            FakeDataset(
                "kaggle" if hub.name == "kaggle" else "huggingface",
                f"crowd/set-{number:03}",
                title=f"Crowd {number}",
                description="",
                license="mit",
                make=single("a.csv", lambda: text("a\n")),
            )
        )
    assert len(hub.search("crowd", limit=125)) == 125


def test_filters_narrow_at_the_hub(hub: Hub) -> None:
    csv = hub.search("diabetes", format="csv")
    assert csv
    assert all("csv" in hit.formats for hit in csv)
    assert {hit.license for hit in hub.search("", license="cc0", limit=50)} >= {"CC0-1.0"}
    assert all("mit" not in (hit.license or "").lower() for hit in hub.search("", license="cc0", limit=50))
    counts = [hit.downloads for hit in hub.search("", sort="downloads", limit=50)]
    assert counts == sorted(counts, reverse=True)


def test_an_organizations_dataset_is_found_under_its_own_id(kaggle: Hub) -> None:
    """facts/wire.md, 2.6: Kaggle writes ``organizations/{org}/{slug}``, and is asked without."""
    kaggle.dataset(PIMA).organization = True
    assert PIMA in [hit.id for hit in kaggle.search("pima")]
    assert kaggle.source.describe(kaggle.ref(PIMA), None, kaggle.anonymous).ref == f"kaggle:{PIMA}"


def test_kaggle_narrows_by_size(kaggle: Hub) -> None:
    assert kaggle.search("diabetes", max_bytes=30_000)
    assert all(hit.size_bytes <= 30_000 for hit in kaggle.search("diabetes", max_bytes=30_000))
    assert all(hit.size_bytes >= 100_000 for hit in kaggle.search("diabetes", min_bytes=100_000))


@pytest.mark.parametrize("task", ["image classification", "image-classification", "Image Classification"])
def test_huggingface_narrows_by_task(huggingface: Hub, task: str) -> None:
    found = huggingface.search("", task=task, limit=50)
    assert {hit.task for hit in found} == {"image-classification"}
    # A task that the hub has no name for is left to the filter over all hits.
    assert huggingface.search("", task="guessing ages", limit=50)


def test_huggingface_narrows_by_language_kind_of_content_and_gate(huggingface: Hub) -> None:
    for number, (tags, gated) in enumerate(
        [(["language:de", "modality:audio"], True), (["language:fr"], False)]
    ):
        huggingface.fake.catalogue.add(
            FakeDataset(
                "huggingface",
                f"crowd/voices-{number}",
                title="Voices",
                description="",
                license="mit",
                make=single("a.csv", lambda: text("a\n")),
                tags=tuple(tags),
                gated=gated,
            )
        )
    german = huggingface.search("voices", language="German")
    assert [(hit.id, hit.languages, hit.modalities) for hit in german] == [
        ("crowd/voices-0", ("de",), ("audio",))
    ]
    assert (
        german == huggingface.search("voices", modality="sound") == huggingface.search("voices", gated=True)
    )
    assert [hit.id for hit in huggingface.search("voices", gated=False)] == ["crowd/voices-1"]


def test_an_older_hub_is_asked_in_the_way_it_knows(huggingface: Hub) -> None:
    huggingface.fake.fault("old_hub")
    hits = huggingface.search("diabetes")
    assert "scikit-learn/diabetes" in [hit.id for hit in hits]
    assert all(hit.size_bytes is None and hit.revision for hit in hits)


# -- one dataset --------------------------------------------------------------------------------------


def test_describe_tells_size_files_and_revision(hub: Hub) -> None:
    wanted = hub.dataset(hub.public)
    found = hub.source.describe(hub.ref(wanted.id), None, hub.anonymous)
    assert found.ref == str(hub.ref(wanted.id))
    # HuggingFace's repositories hold a card and git's attributes too.
    assert found.file_count == len(wanted.latest.files) + (0 if hub.name == "kaggle" else 2)
    assert found.revision == ("1" if hub.name == "kaggle" else wanted.sha(1))
    assert not found.gated
    assert found.formats == (("csv",) if hub.name == "kaggle" else ("json",))


def test_huggingface_stops_counting_files(huggingface: Hub) -> None:
    """facts/wire.md, 1.5: beside its description the hub lists 100,000 files of those that are there."""
    one = text("1\n")
    huggingface.dataset(IMDB).publish(lambda: {f"{number}.txt": one for number in range(100_001)})
    found = huggingface.source.describe(huggingface.ref(IMDB), None, huggingface.anonymous)
    assert (found.file_count, found.more_files, found.size_bytes) == (100_000, True, None)
    huggingface.dataset(IMDB).publish(lambda: {"1.txt": one})
    found = huggingface.source.describe(huggingface.ref(IMDB), None, huggingface.anonymous)
    assert (found.file_count, found.more_files) == (3, False)


def test_an_id_without_owner_is_followed_to_its_true_name(huggingface: Hub) -> None:
    found = huggingface.source.describe(huggingface.ref("imdb"), None, huggingface.anonymous)
    manifest = huggingface.source.manifest(huggingface.ref("imdb"), None, huggingface.anonymous)
    assert found.ref == str(manifest.ref) == "huggingface:stanfordnlp/imdb"


def test_a_revision_stays_what_it_was_when_a_new_one_is_published(hub: Hub) -> None:
    dataset, ref = hub.dataset(hub.public), hub.ref(hub.public)
    first = hub.source.describe(ref, None, hub.anonymous).revision
    assert first is not None
    before = hub.source.manifest(ref, first, hub.anonymous)
    dataset.publish(lambda: {"new.csv": text("new\n1\n")})
    assert hub.source.describe(ref, None, hub.anonymous).revision != first
    assert hub.source.describe(ref, first, hub.anonymous).revision == first
    after = hub.source.manifest(ref, first, hub.anonymous)
    assert [(entry.path, entry.size, entry.checksum) for entry in after.files] == [
        (entry.path, entry.size, entry.checksum) for entry in before.files
    ]
    assert all(holds(entry, fetch(entry)) for entry in after.files)
    latest = hub.source.manifest(ref, None, hub.anonymous)
    assert latest.revision != first
    assert latest.total_bytes != before.total_bytes


@pytest.mark.parametrize("revision", ["99", "0", "main~1", "f" * 40])
def test_an_unknown_revision_is_not_found(hub: Hub, revision: str) -> None:
    for ask in (hub.source.describe, hub.source.manifest):
        with pytest.raises(NotFound):
            ask(hub.ref(hub.public), revision, hub.anonymous)


def test_an_unknown_dataset_is_not_found(hub: Hub) -> None:
    for credential in (hub.anonymous, hub.as_(ada())):
        for ask in (hub.source.describe, hub.source.manifest, hub.source.readme):
            with pytest.raises(NotFound, match="nobody/nothing") as caught:
                ask(hub.ref("nobody/nothing"), None, credential)
            assert caught.value.next_step


def test_the_readme_is_the_datasets_own_text(kaggle: Hub, huggingface: Hub) -> None:
    assert kaggle.source.readme(kaggle.ref(PIMA), None, kaggle.anonymous).startswith("## Context\n\nThis")
    card = huggingface.source.readme(huggingface.ref(IMDB), None, huggingface.anonymous)
    assert card.startswith("# IMDB")
    assert "pretty_name" not in card


def test_a_strangers_words_stay_text_without_control_characters(hub: Hub) -> None:
    for found in (*hub.search("mallory"), hub.source.describe(hub.ref(UNTRUSTED), None, hub.anonymous)):
        assert found.title == "<script>alert('title')</script> <b>Free</b> datasets"
        assert "Ignore all earlier instructions" in found.description
    readme = hub.source.readme(hub.ref(UNTRUSTED), None, hub.anonymous)
    assert "<img src=x onerror=alert(1)>" in readme
    assert not any(ord(char) < 32 and char not in "\n\t" for char in readme)
