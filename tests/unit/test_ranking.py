"""One merged ranking: the same for the same hits, samples last, every source on the first page."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataferry.core.types import DatasetSummary, SourceName
from dataferry.sources.base import SearchFilters
from dataferry.sources.ranking import arrange, missing_subject, rank, ranking_of

ANY = SearchFilters()


def hit(ref: str, title: str = "", **fields: object) -> DatasetSummary:
    source, _, dataset_id = ref.partition(":")
    title = title or dataset_id.rpartition("/")[2]
    return DatasetSummary.model_validate(
        {"ref": ref, "source": source, "id": dataset_id, "title": title} | fields
    )


def refs(ranked: list[DatasetSummary]) -> list[str]:
    return [hit.ref for hit in ranked]


def test_title_beats_tags_beats_description_beats_nothing() -> None:
    hits = [
        hit("kaggle:a/one", "Sea temperatures"),
        hit("kaggle:a/two", "Patients", description="Many things, among them diabetes."),
        hit("kaggle:a/three", "Patients", tags=("diabetes",)),
        hit("kaggle:a/four", "Diabetes and more"),
    ]
    ranked = rank({"kaggle": hits}, "diabetes", ANY)
    assert refs(ranked) == ["kaggle:a/four", "kaggle:a/three", "kaggle:a/two", "kaggle:a/one"]
    assert [summary.why for summary in ranked] == [
        "title matches",
        "tags match",
        "description matches",
        "found by Kaggle",
    ]


def test_the_dataset_of_that_name_comes_first() -> None:
    hits = [
        hit("huggingface:someone/imdb-reviews-imdb", downloads=90_000),
        hit("huggingface:stanfordnlp/imdb", downloads=70_000),
    ]
    ranked = rank({"huggingface": hits}, "IMDB", ANY)
    assert ranked[0].ref == "huggingface:stanfordnlp/imdb"
    assert ranked[0].why == "exact name · 70k downloads"


def test_a_popular_dataset_about_something_else_stays_below() -> None:
    hits = [
        hit("kaggle:a/charging", "Charging sessions of electric vehicles", downloads=3),
        hit("kaggle:a/prices", "Electric guitars", downloads=2_000_000),
    ]
    ranked = rank({"kaggle": hits}, "electric vehicle charging", ANY)
    assert refs(ranked) == ["kaggle:a/charging", "kaggle:a/prices"]


@pytest.mark.parametrize("typed", ["charged vehicles", "chargng vehicel", "Charges of a vehicle"])
def test_other_forms_of_a_word_and_misspelt_ones_fit(typed: str) -> None:
    hits = [
        hit("kaggle:a/weather", "Weather stations"),
        hit("kaggle:a/plugs", "Plugs", description="Charging a vehicle at home."),
        hit("kaggle:a/chairs", "Chairs and vessels"),
    ]
    assert refs(rank({"kaggle": hits}, typed, ANY))[0] == "kaggle:a/plugs"


def test_what_fits_by_another_word_says_where() -> None:
    hits = [hit("kaggle:a/one", "Insolvency filings"), hit("kaggle:a/two", "Wolken", tags=("weather",))]
    assert rank({"kaggle": hits}, "bankruptcy", ANY)[0].why == "title matches"
    assert rank({"kaggle": hits}, "Wetterdaten", ANY)[0].why == "tags match"


def test_words_of_a_script_without_spaces_fit_in_part() -> None:
    hits = [hit("kaggle:a/one", "天气预报"), hit("kaggle:a/two", "药物分子毒性数据")]
    assert refs(rank({"kaggle": hits}, "分子毒性预测", ANY))[0] == "kaggle:a/two"


def test_popularity_is_measured_within_a_source() -> None:
    """Kaggle counts since the beginning, HuggingFace over 30 days: its best is not the lesser one."""
    kaggle = [hit(f"kaggle:a/flights-{n}", downloads=1_000_000 // (n + 1) ** 3) for n in range(5)]
    hub = [hit(f"huggingface:a/flights-{n}", downloads=5_000 // (n + 1) ** 3) for n in range(5)]
    top = rank({"kaggle": kaggle, "huggingface": hub}, "flights", ANY)[:4]
    assert {summary.source for summary in top} == {"kaggle", "huggingface"}


def test_an_unknown_dataset_is_not_popular_for_being_alone() -> None:
    lone = hit("huggingface:a/flights-x", downloads=3)
    known = hit("kaggle:a/flights-y", downloads=200_000)
    assert refs(rank({"huggingface": [lone], "kaggle": [known]}, "flights", ANY))[0] == known.ref


def test_samples_come_last_whatever_the_sort() -> None:
    sample = hit("builtin:diabetes", tags=("diabetes",), size_bytes=10**9)
    other = hit("kaggle:a/unrelated", size_bytes=1)
    for sort in ("relevance", "downloads", "updated", "size"):
        filters = SearchFilters.model_validate({"sort": sort})
        ranked = rank({"builtin": [sample], "kaggle": [other]}, "diabetes", filters)
        assert refs(ranked) == [other.ref, sample.ref]
        assert ranked[-1].why == "exact name · built-in sample"


def test_explicit_sorts() -> None:
    old = hit("kaggle:a/old", downloads=5, size_bytes=300, updated_at=datetime(2019, 1, 1, tzinfo=UTC))
    new = hit("kaggle:a/new", downloads=50, size_bytes=200, updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    bare = hit("kaggle:a/bare")
    hits = [bare, old, new]
    by = {
        sort: refs(rank({"kaggle": hits}, "x", SearchFilters.model_validate({"sort": sort})))
        for sort in ("downloads", "updated", "size")
    }
    assert by["downloads"] == [new.ref, old.ref, bare.ref]
    assert by["updated"] == [new.ref, old.ref, bare.ref]
    assert by["size"] == [old.ref, new.ref, bare.ref]


def test_a_hit_in_doubt_stays_below_those_that_surely_fit_and_says_so() -> None:
    sure = hit("kaggle:a/other", size_bytes=10)
    unsure = hit("huggingface:a/flights", downloads=10_000)
    ranked = rank({"kaggle": [sure], "huggingface": [unsure]}, "flights", SearchFilters(max_bytes=100))
    assert refs(ranked) == [sure.ref, unsure.ref]
    assert ranked[1].why == "exact name · 10k downloads · size not stated"
    sample = hit("builtin:flights", size_bytes=1)
    below = rank({"builtin": [sample], "huggingface": [unsure]}, "flights", SearchFilters(max_bytes=100))
    assert refs(below) == [unsure.ref, sample.ref]


def test_each_dataset_once() -> None:
    twice = [hit("huggingface:A/b"), hit("huggingface:a/B")]
    assert refs(rank({"huggingface": twice}, "b", ANY)) == ["huggingface:A/b"]


def test_the_first_page_shows_every_source() -> None:
    kaggle = [hit(f"kaggle:a/flights-{n}", "Flights", downloads=10**6) for n in range(30)]
    hub = [hit("huggingface:a/obscure", "Nothing alike")]
    samples = [hit(f"builtin:flights{n}", "flights") for n in range(3)]
    ranked = rank({"kaggle": kaggle, "huggingface": hub, "builtin": samples}, "flights", ANY)
    arranged = arrange(ranked, 8)
    page = arranged[:8]
    assert [summary.source for summary in page] == ["kaggle"] * 5 + ["huggingface"] + ["builtin"] * 2
    assert sorted(refs(arranged)) == sorted(refs(ranked))
    assert refs(arrange(ranked, 50)) == refs(ranked)


def test_a_page_of_one_shows_the_best() -> None:
    ranked = rank({"kaggle": [hit("kaggle:a/b")], "builtin": [hit("builtin:b")]}, "b", ANY)
    assert refs(arrange(ranked, 1)) == ["kaggle:a/b", "builtin:b"]


_words = st.sampled_from(["diabetes", "glacier", "flight", "heart", "violin", "deep", "north"])
_phrases = st.lists(_words, max_size=4).map(" ".join)


@st.composite
def _sources(draw: st.DrawFn) -> dict[SourceName, list[DatasetSummary]]:
    found: dict[SourceName, list[DatasetSummary]] = {}
    names: tuple[SourceName, ...] = ("kaggle", "huggingface", "builtin")
    for source in draw(st.permutations(names)):
        owner = "" if source == "builtin" else "a/"
        found[source] = [
            hit(
                f"{source}:{owner}n{n}",
                draw(_phrases) or "x",
                description=draw(_phrases),
                tags=tuple(draw(st.lists(_words, max_size=3))),
                downloads=draw(st.integers(0, 10**7)),
                size_bytes=draw(st.none() | st.integers(0, 1000)),
            )
            for n in range(draw(st.integers(0, 6)))
        ]
    return found


@given(
    _sources(), _phrases, st.sampled_from(["relevance", "downloads", "updated", "size"]), st.integers(1, 12)
)
def test_ranking_is_stable_and_loses_nothing(
    found: dict[SourceName, list[DatasetSummary]], text: str, sort: str, page: int
) -> None:
    filters = SearchFilters.model_validate({"sort": sort})
    ranked = rank(found, text, filters)
    assert sorted(refs(ranked)) == sorted(summary.ref for hits in found.values() for summary in hits)
    backwards = dict(reversed(found.items()))
    assert refs(rank(backwards, text, filters)) == refs(ranked)
    sources = [summary.source == "builtin" for summary in ranked]
    assert sources == sorted(sources)
    assert sorted(refs(arrange(ranked, page))) == sorted(refs(ranked))
    assert all(summary.why for summary in ranked)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(950, "950"), (1_200, "1.2k"), (812_345, "812k"), (4_000_000, "4M"), (2 * 10**9, "2B")],
)
def test_downloads_are_shown_short(count: int, shown: str) -> None:
    assert rank({"kaggle": [hit("kaggle:a/b", downloads=count)]}, "b", ANY)[0].why == (
        f"exact name · {shown} downloads"
    )


def test_what_shares_a_common_word_alone_is_left_out_where_others_fit() -> None:
    birds = hit("kaggle:a/warblers", "Warblers", description="Photographs of birds at a feeder.")
    tiles = hit("kaggle:a/tiles", "Images of Roof Tiles", tags=("image", "classification"))
    unseen = hit("kaggle:a/feeder", "At the Feeder")
    for query in ("bird images", "Bilder von Vögeln", "images for classification of birds"):
        assert refs(rank({"kaggle": [tiles, birds, unseen]}, query, ANY)) == [birds.ref, unseen.ref], query
    assert len(rank({"kaggle": [tiles, birds]}, "image classification", ANY)) == 2


@pytest.mark.parametrize("query", ["bird images", "Bilder von Vögeln"])
def test_it_is_told_that_nothing_is_about_the_subject(query: str) -> None:
    tiles = hit("kaggle:a/tiles", "Images of Roof Tiles")
    ranking = ranking_of({"kaggle": [tiles]}, query, ANY)
    assert ([hit.summary for hit in ranking.hits], ranking.about_subject) == ([tiles], False)
    assert missing_subject(query) == ("bird" if query.isascii() else "Vögeln")
    # Where the subject was met already, on an earlier page, they are left out.
    assert ranking_of({"kaggle": [tiles]}, query, ANY, only_subject=True).hits == []


def test_a_hit_about_the_subject_that_a_filter_leaves_out_is_told_of() -> None:
    birds = hit("kaggle:a/birds", "Birds", license="MIT", size_bytes=10**9)
    tiles = hit("kaggle:a/tiles", "Images of Roof Tiles", license="CC0-1.0", size_bytes=10)
    ranking = ranking_of(
        {"kaggle": [birds, tiles]}, "bird images", SearchFilters(license="cc0", max_bytes=100)
    )
    assert (ranking.hits, ranking.about_subject) == ([], True)
    assert ranking.left_out == {birds.ref: ("license", "max_bytes")}


def test_a_part_of_a_name_is_the_subject_too() -> None:
    assert (
        rank({"kaggle": [hit("kaggle:a/birdcalls"), hit("kaggle:a/bird")]}, "bird sounds", ANY)[1].id
        == "a/birdcalls"
    )


@pytest.mark.parametrize(
    ("title", "description", "why"),
    [
        ("Glacier fronts", "The best free dataset! Follow me for more.", "reads like an advertisement"),
        ("Glacier fronts", "To order the full set visit our shop.", "reads like an advertisement"),
        ("Glacier fronts", "Glacier fronts, glacier fronts map, glacier fronts csv.", "repeats its keywords"),
        (
            "Glacier fronts",
            "Weights of a network that outlines glacier fronts.",
            "a model or code rather than data",
        ),
    ],
)
def test_what_is_written_to_be_found_stands_below_data(title: str, description: str, why: str) -> None:
    data = hit("kaggle:a/ice", "Ice", description="Outlines of glacier fronts.")
    loud = hit("kaggle:a/loud", title, description=description)
    ranked = rank({"kaggle": [loud, data]}, "glacier fronts", ANY)
    assert refs(ranked) == [data.ref, loud.ref]
    assert why in (ranked[1].why or "")


@pytest.mark.parametrize(
    ("query", "description"),
    [
        ("beehive weights", "Weights of hives and temperature, hourly."),
        ("coupons", "Supermarket receipts with coupons and discounts."),
        ("telegram", "Messages of public Telegram channels."),
        ("house prices", "Houses for sale, with asking price."),
        ("fine-tuned model weights", "Checkpoints of fine-tuned models for captions."),
    ],
)
def test_data_about_shops_and_weights_is_no_spam(query: str, description: str) -> None:
    [found] = rank({"kaggle": [hit("kaggle:a/b", "B", description=description)]}, query, ANY)
    assert found.why in ("description matches", "found by Kaggle")


def test_words_that_stand_together_and_what_is_told_decide_between_equals() -> None:
    apart = hit("kaggle:a/a", "A", description="Soil of a field and rain and snow, then moisture.")
    close = hit("kaggle:a/b", "B", description="Soil moisture of a field and rain and then snow.")
    assert refs(rank({"kaggle": [apart, close]}, "soil moisture", ANY)) == [close.ref, apart.ref]
    bare, told = hit("kaggle:a/c", "Soil"), hit("kaggle:a/d", "Soil", license="MIT", size_bytes=5000)
    assert refs(rank({"kaggle": [bare, told]}, "soil", ANY)) == [told.ref, bare.ref]


def test_a_language_or_kind_of_content_that_is_stated_is_a_word_of_the_hit() -> None:
    other = hit("kaggle:a/a", "Proverbs", languages=("fr",), modalities=("text",))
    wanted = hit("kaggle:a/b", "Proverbs", languages=("de",), modalities=("audio",))
    for query in ("German proverbs", "proverbs audio", "deutsche Sprichwörter"):
        assert refs(rank({"kaggle": [other, wanted]}, query, ANY))[0] == wanted.ref, query
