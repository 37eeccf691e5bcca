"""The same data is one card with its sources; what only looks alike is not."""

import random
from datetime import UTC, datetime

import pytest

from dataferry.core.types import DatasetSummary
from dataferry.sources.base import SearchFilters
from dataferry.sources.folding import fold
from dataferry.sources.relevance import text_fields
from dataferry.sources.traits import traits_of
from tests.evals import folding, score

ANY = SearchFilters()


def hit(ref: str, title: str = "", description: str = "", **fields: object) -> DatasetSummary:
    source, _, dataset_id = ref.partition(":")
    about = {"title": title or dataset_id.rpartition("/")[2], "description": description}
    return DatasetSummary.model_validate({"ref": ref, "source": source, "id": dataset_id} | about | fields)


def cards(*hits: DatasetSummary, filters: SearchFilters = ANY) -> list[list[str]]:
    """The refs of each card, its head first."""
    return [[card.ref, *(copy.ref for copy in card.copies)] for card in fold(hits, filters)]


BUOYS = hit(
    "kaggle:tides/harbour-tide-gauges",
    "Harbour Tide Gauges",
    "Water level at 83 gauges.",
    size_bytes=71_204_417,
)

SAME = {
    "a mirror of its owner": (BUOYS, hit("huggingface:tides/harbour-tide-gauges", size_bytes=71_204_417)),
    "a mirror with a README": (BUOYS, hit("huggingface:tides/tidegauges", size_bytes=71_207_102)),
    "as Parquet": (
        hit(
            "kaggle:tides/harbour-tide-gauges", "Harbour Tide Gauges", size_bytes=71_204_417, formats=("csv",)
        ),
        hit("huggingface:tides/tide-gauges", size_bytes=17_300_112, formats=("parquet",)),
    ),
    "uploaded again, said so": (
        BUOYS,
        hit(
            "huggingface:someone/gauges",
            "",
            "Copy of tides/harbour-tide-gauges from Kaggle",
            size_bytes=71_204_417,
        ),
    ),
    "moved to an organisation": (
        hit("huggingface:ann-o/visual-riddles", "", "A thousand picture riddles.", size_bytes=804_417_331),
        hit("huggingface:bench-org/visual-riddles", "", "", size_bytes=804_417_331),
    ),
    "named without a hyphen": (
        hit(
            "huggingface:lab/FaceSketches",
            "",
            "100,000 rendered sketches of faces.",
            size_bytes=33_010_448_219,
        ),
        hit("huggingface:fan/face_sketches", "", "Mirror of FaceSketches.", size_bytes=33_010_452_004),
    ),
    "in another language": (
        hit(
            "kaggle:flora/meadow-plants",
            "Meadow Plants",
            "18,204 plots with cover of each species.",
            size_bytes=9_120_331,
        ),
        hit(
            "huggingface:flora/wiesenpflanzen", "", "18.204 Flächen mit Deckung je Art.", size_bytes=9_120_331
        ),
    ),
}

OTHERS = {
    "a second version": (
        hit("huggingface:qa/spans", size_bytes=35_142_551),
        hit("huggingface:qa/spans_v2", size_bytes=46_494_161),
    ),
    "its second half": (
        hit("huggingface:nli/genres", size_bytes=226_850_426),
        hit("huggingface:nli/genres_mismatched", size_bytes=226_853_116),
    ),
    "a part made by hand": (
        hit("huggingface:qa/long-stories", size_bytes=9_204_117_330),
        hit("huggingface:qa/long-stories_manual", size_bytes=4_117_330),
    ),
    "another edition of a book": (
        hit("kaggle:atlas/river-atlas", "River Atlas, 2nd Edition", size_bytes=50_417_331, formats=("csv",)),
        hit(
            "huggingface:atlas/river-atlas",
            "River Atlas, 3rd edition",
            size_bytes=50_500_118,
            formats=("csv",),
        ),
    ),
    "a remake of another year": (
        hit("kaggle:films/shell-1995", "Shell (1995)", size_bytes=4_204_417),
        hit("kaggle:films/shell-2017", "Shell (2017)", size_bytes=4_204_417),
    ),
    "the same year, nothing else": (
        hit("kaggle:a/bridges-1984", "Bridges 1984", size_bytes=4_204_417),
        hit("kaggle:b/harvests-1984", "Harvests 1984", size_bytes=9_117_004),
    ),
    "a title that says nothing": (
        hit("kaggle:a/short-notices", "Short Notices", "Obituaries of one newspaper.", size_bytes=448_117),
        hit("kaggle:b/short-notices", "Short Notices", "Planning permits of a town.", size_bytes=902_331),
    ),
    "one paper, two datasets": (
        hit(
            "huggingface:lab/stairs-video", "", "Climbing, filmed. arXiv:2103.04417", size_bytes=9_041_733_100
        ),
        hit("huggingface:lab/stairs-force", "", "Climbing, forces. arXiv:2103.04417", size_bytes=41_733_100),
    ),
    "a round size": (
        hit("kaggle:a/noise", size_bytes=1_000_000),
        hit("huggingface:b/zeros", size_bytes=1_000_000),
    ),
    "a part of it": (
        BUOYS,
        hit("huggingface:tides/harbour-tide-gauges-sample", "", "The first 1,000 rows.", size_bytes=60_221),
    ),
    "other languages": (
        hit("huggingface:parl/en-de", size_bytes=312_447_108, tags=("translation",)),
        hit("huggingface:parl/en-fr", size_bytes=313_900_220, tags=("translation",)),
    ),
    "other counts": (
        hit("kaggle:sky/meteor-tracks", "Meteor Tracks", "61,000 tracks.", size_bytes=90_417_331),
        hit("huggingface:sky/meteor-tracks", "", "92,000 tracks.", size_bytes=131_204_417),
    ),
    "made from it": (
        hit("kaggle:sky/meteor-tracks", "Meteor Tracks", "61,000 tracks.", size_bytes=90_417_331),
        hit("huggingface:x/meteors-synthetic", "", "Generated after Meteor Tracks.", size_bytes=90_000_112),
    ),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_the_same_is_one_card(pair: tuple[DatasetSummary, DatasetSummary]) -> None:
    assert len(cards(*pair)) == 1


@pytest.mark.parametrize("pair", OTHERS.values(), ids=OTHERS)
def test_what_only_looks_alike_is_not(pair: tuple[DatasetSummary, DatasetSummary]) -> None:
    assert len(cards(*pair)) == 2


def test_no_chain_joins_an_edition_with_the_next() -> None:
    """A mirror without a year fits both years' datasets; these are two all the same."""
    years = [
        hit(f"kaggle:trips/ferry-trips-{year}", f"Ferry Trips {year}", size_bytes=size)
        for year, size in ((2023, 88_104_417), (2024, 88_204_119))
    ]
    mirror = hit("huggingface:trips/ferry-trips", size_bytes=88_104_417)
    found = cards(years[1], mirror, years[0])
    assert sorted(map(sorted, found)) == [[mirror.ref, years[0].ref], [years[1].ref]]


def test_the_order_of_the_hits_decides_nothing() -> None:
    hits = [one for pair in (*SAME.values(), *OTHERS.values()) for one in pair]
    hits = list({one.ref: one for one in hits}.values())
    found = {frozenset(card) for card in cards(*hits)}
    for seed in range(5):
        random.Random(seed).shuffle(hits)
        assert {frozenset(card) for card in cards(*hits)} == found


def test_a_card_stands_where_its_best_hit_stood_under_the_better_licensed() -> None:
    unlicensed = hit("kaggle:tides/harbour-tide-gauges", size_bytes=71_204_417, downloads=90_000)
    free = hit(
        "huggingface:tides/harbour-tide-gauges", size_bytes=71_204_417, license="CC0-1.0", downloads=12
    )
    between = hit("kaggle:z/lighthouses", size_bytes=5_117)
    (first, second) = fold([unlicensed, between, free], ANY)
    assert (first.ref, second.ref) == (free.ref, between.ref)
    (copy,) = first.copies
    assert (copy.ref, copy.why_same) == (unlicensed.ref, "same size · same name")


def test_nobody_frees_what_is_anothers() -> None:
    original = hit(
        "kaggle:tides/harbour-tide-gauges",
        "Harbour Tide Gauges",
        size_bytes=71_204_417,
        license="CC-BY-NC-4.0",
    )
    claimed = hit(
        "huggingface:someone/gauges",
        "",
        "Copy of tides/harbour-tide-gauges.",
        size_bytes=71_204_417,
        license="CC0-1.0",
    )
    assert cards(claimed, original) == [[original.ref, claimed.ref]]


def test_another_order_stays_true() -> None:
    """Whoever sorts by downloads reads them in order, under whatever licence."""
    popular = hit("kaggle:tides/harbour-tide-gauges", size_bytes=71_204_417, downloads=900)
    free = hit(
        "huggingface:tides/harbour-tide-gauges", size_bytes=71_204_417, license="CC0-1.0", downloads=12
    )
    other = hit("kaggle:z/lighthouses", size_bytes=5_117, downloads=500)
    assert cards(popular, other, free, filters=SearchFilters(sort="downloads")) == [
        [popular.ref, free.ref],
        [other.ref],
    ]


def test_what_leaves_a_filter_in_doubt_is_no_head() -> None:
    unsized = hit(
        "huggingface:tides/harbour-tide-gauges",
        license="CC0-1.0",
        updated_at=datetime(2024, 1, 1, tzinfo=UTC),
    )
    sized = hit(
        "kaggle:tides/harbour-tide-gauges", size_bytes=71_204_417, updated_at=datetime(2024, 1, 2, tzinfo=UTC)
    )
    assert cards(unsized, sized) == [[unsized.ref, sized.ref]]
    assert cards(unsized, sized, filters=SearchFilters(max_bytes=10**9)) == [[sized.ref, unsized.ref]]


def test_a_page_tells_of_what_comes_later_and_shows_it_once() -> None:
    first = fold([BUOYS], ANY)
    mirror = hit("huggingface:tides/harbour-tide-gauges", size_bytes=71_204_417, license="CC0-1.0")
    again = hit("kaggle:someone/harbour-gauges-copy", size_bytes=71_204_417)
    other = hit("kaggle:z/lighthouses", size_bytes=5_117)
    second = fold([mirror, other], ANY, shown=first)
    assert [[card.ref, *(copy.ref for copy in card.copies)] for card in second] == [
        [BUOYS.ref, mirror.ref],
        [other.ref],
    ]
    third = fold([again], ANY, shown=second)
    assert [copy.ref for copy in third[0].copies] == [mirror.ref, again.ref]
    assert [card.ref for card in third] == [BUOYS.ref, other.ref]


def test_many_of_one_size_take_no_second() -> None:
    """A well-known table is there a hundred times; not all are compared with all."""
    hits = [hit(f"kaggle:person{n}/titanic-{n:03}", size_bytes=34_877) for n in range(200)]
    assert sum(map(len, cards(*hits))) == 200


def test_rows_that_one_hub_counts_are_those_that_the_other_tells_of() -> None:
    told = hit(
        "kaggle:flora/meadow-plants", "Meadow Plants", "18,204 plots.", size_bytes=9_120_331, formats=("csv",)
    )
    counted = hit(
        "huggingface:herbarium/meadow_plants", row_count=18_204, size_bytes=2_204_117, formats=("parquet",)
    )
    assert len(cards(told, counted)) == 1
    assert len(cards(told, counted.model_copy(update={"row_count": 18_417}))) == 2


@pytest.mark.parametrize("name", ["development", "unseen"])
def test_most_of_the_same_and_next_to_none_of_the_look_alikes_of_the_sets(name: str) -> None:
    unseen = name == "unseen"
    run = folding.fold_unseen() if unseen else folding.fold_catalogue()
    pairs = folding.unseen_pairs() if unseen else score.load("duplicates.jsonl")
    together = [set(row["refs"]) for row in run]

    def share(same: bool) -> float:
        judged = [{pair["a"], pair["b"]} for pair in pairs if pair["same"] is same]
        return sum(any(two <= refs for refs in together) for two in judged) / len(judged)

    assert share(True) >= 0.95
    assert share(False) <= 0.02


@pytest.mark.parametrize(
    "description",
    [
        "Water levels at gauges",
        "ImageNet copied, stuff2020 of GitHub",
        "foo_bar 数据集 ab数据",
        "Größe naïve",
        "",
    ],
)
def test_stems_of_the_index_are_read_as_the_description_itself(description: str) -> None:
    made = traits_of(hit("kaggle:o/made", "", description))
    one = hit("kaggle:o/known", "", description)
    assert traits_of(one, text_fields(one)).told == made.told


def test_stems_of_another_description_are_not_taken() -> None:
    older = hit("kaggle:o/changed", "", "Water level")
    one = hit("kaggle:o/changed", "", "Water level at 83 gauges")
    assert traits_of(one, text_fields(older)).told == " water level at 83 gaug "
