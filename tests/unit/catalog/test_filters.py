"""Filters after the fact: licence families, sizes, formats, tasks, and honest doubts."""

import pytest
from pydantic import ValidationError

from dataferry.core.types import DatasetSummary
from dataferry.sources.base import SearchFilters
from dataferry.sources.filters import doubts, left_out_by
from dataferry.sources.licences import license_family, license_matches


def summary(**fields: object) -> DatasetSummary:
    return DatasetSummary.model_validate(
        {"ref": "kaggle:a/b", "source": "kaggle", "id": "a/b", "title": "B"} | fields
    )


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("CC0: Public Domain", "cc0"),
        ("cc0-1.0", "cc0"),
        ("CC BY-SA 4.0", "cc-by-sa"),
        ("cc-by-nc-nd-4.0", "cc-by-nc-nd"),
        ("Attribution 4.0 International (CC BY 4.0)", "cc-by"),
        ("Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)", "cc-by-nc"),
        ("Apache 2.0", "apache"),
        ("apache-2.0", "apache"),
        ("MIT", "mit"),
        ("GPL 2", "gpl"),
        ("GNU Affero General Public License 3.0", "agpl"),
        ("GNU Lesser General Public License 3.0", "lgpl"),
        ("Database: Open Database, Contents: Database Contents", "odbl"),
        ("ODC Public Domain Dedication and Licence (PDDL)", "pddl"),
        ("public domain", "cc0"),
        ("afl-3.0", "afl"),
        ("ODC Attribution License (ODC-By)", "odc-by"),
        ("bsd-3-clause", "bsd"),
        ("creative commons", "cc"),
        ("Limited by nobody", "limited-by-nobody"),
        ("Unknown", None),
        ("Other (specified in description)", None),
        ("", None),
        (None, None),
    ],
)
def test_licence_families(name: str | None, family: str | None) -> None:
    assert license_family(name) == family


@pytest.mark.parametrize(
    ("wanted", "name", "fits"),
    [
        ("cc0", "CC0: Public Domain", True),
        ("CC-BY", "cc-by-4.0", True),
        ("cc-by-4.0", "CC BY 4.0", True),
        ("cc-by-4.0", "CC BY 3.0", False),
        ("cc-by", "cc-by-nc-4.0", False),
        ("cc", "cc-by-nc-4.0", True),
        ("cc", "mit", False),
        ("mit", "unknown", False),
        ("mit", None, False),
        ("gpl-2.0", "GPL 2", True),
    ],
)
def test_licence_filter(wanted: str, name: str | None, fits: bool) -> None:
    assert license_matches(wanted, name) is fits
    assert (doubts(summary(license=name), SearchFilters(license=wanted)) == ()) is fits


@pytest.mark.parametrize(
    ("license", "said"),
    [
        ("cc-by-4.0", ()),
        ("CC0: Public Domain", ()),
        ("GPL 2", ()),
        ("llama3", ("commercial use with conditions",)),
        ("public domain", ("commercial use with conditions",)),
        ("cc-by-nc-4.0", None),
        ("cc-by-4.0, cc-by-nc-4.0", None),
        ("MIT OR CC-BY-NC-4.0", ()),
        ("creative commons", None),
        ("Other (specified in description)", None),
        ("A licence of our own", None),
        ("unknown", None),
        (None, None),
    ],
)
def test_commercial_use_is_never_guessed(license: str | None, said: tuple[str, ...] | None) -> None:
    hit, asked = summary(license=license), SearchFilters(commercial=True)
    assert doubts(hit, asked) == said
    assert left_out_by(hit, asked) == (("commercial",) if said is None else ())


def test_sizes() -> None:
    small = SearchFilters(max_bytes=100)
    assert doubts(summary(size_bytes=100), small) == ()
    assert doubts(summary(size_bytes=101), small) is None
    assert doubts(summary(size_bytes=None), small) == ("size not stated",)
    assert doubts(summary(size_bytes=9), SearchFilters(min_bytes=10)) is None
    assert doubts(summary(), SearchFilters(min_bytes=10)) == ("size not stated",)


def test_formats_and_tasks() -> None:
    image = SearchFilters(format="image")
    assert doubts(summary(formats=("images",)), image) == ()
    assert doubts(summary(formats=("parquet",), tags=("modality:image",)), image) == ()
    assert doubts(summary(formats=("csv",)), image) is None
    assert doubts(summary(), image) == ("format not stated",)
    task = SearchFilters(task="image classification")
    assert doubts(summary(task="image-classification"), task) == ()
    assert doubts(summary(task="object-detection"), task) is None
    assert doubts(summary(tags=("Image Classification",)), task) == ()
    assert doubts(summary(), task) == ("task not stated",)
    loose = summary(task="binary classification", tags=("binary classification", "image"))
    assert doubts(loose, task) == ("task by several tags",)


def test_no_filter_no_doubt() -> None:
    assert doubts(summary(), SearchFilters(sort="downloads")) == ()


def test_a_language_that_is_not_stated_is_a_doubt() -> None:
    german = SearchFilters(language="German")
    assert german.language == "de"
    assert doubts(summary(languages=("en", "de")), german) == ()
    assert doubts(summary(languages=("en",)), german) is None
    assert doubts(summary(), german) == ("language not stated",)


def test_a_kind_of_content_is_known_by_its_other_names() -> None:
    series = SearchFilters.model_validate({"modality": "Time Series"})
    assert doubts(summary(modalities=("timeseries",)), series) == ()
    assert doubts(summary(modalities=("image",)), series) is None
    assert doubts(summary(), series) == ("kind of content not stated",)
    assert doubts(summary(modalities=("image",)), SearchFilters(format="images")) == ()


def test_the_day_of_a_change_counts_as_after_it() -> None:
    since = SearchFilters.model_validate({"updated_after": "2024-03-01"})
    assert doubts(summary(updated_at="2024-03-01T00:10:00Z"), since) == ()
    assert doubts(summary(updated_at="2024-02-29T23:50:00Z"), since) is None
    assert doubts(summary(), since) == ("date not stated",)


def test_gated_datasets_are_all_or_none() -> None:
    opened, gated = summary(), summary(gated=True)
    assert [doubts(hit, SearchFilters(gated=False)) for hit in (opened, gated)] == [(), None]
    assert [doubts(hit, SearchFilters(gated=True)) for hit in (opened, gated)] == [None, ()]


def test_it_is_told_which_filters_leave_a_hit_out() -> None:
    filters = SearchFilters(license="mit", max_bytes=10, min_bytes=5, language="de")
    assert left_out_by(summary(size_bytes=11, languages=("fr",)), filters) == (
        "license",
        "max_bytes",
        "language",
    )
    assert left_out_by(summary(size_bytes=4, license="MIT"), filters) == ("min_bytes",)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"min_bytes": 2, "max_bytes": 1}, "min_bytes is more than max_bytes"),
        ({"updated_after": "2999-01-01"}, "updated_after is in the future"),
        ({"license": "unknown"}, "no licence is known as 'unknown'"),
        ({"license": "my favourite one"}, "no licence is known as"),
        ({"language": "xq"}, "there is no language 'xq'"),
        ({"language": "🙂"}, "there is no language"),
        ({"modality": "smell"}, "'text', 'image'"),
    ],
)
def test_filters_that_no_dataset_can_meet_are_refused_by_name(filters: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SearchFilters.model_validate(filters)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "name", ["cc0", "CC BY-SA 4.0", "apache 2", "bsd", "creative commons", "odbl", "gemma", "MPL-2.0"]
)
def test_licences_that_hubs_have_can_be_asked_for(name: str) -> None:
    assert SearchFilters(license=name).license == name
