"""Filters after the fact: licence families, sizes, formats, tasks, and honest doubts."""

import pytest

from dataferry.core.types import DatasetSummary
from dataferry.sources.base import SearchFilters
from dataferry.sources.filters import doubts, license_family, license_matches


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
