"""Configs and splits in every form that cards write them in."""

from typing import Any

import pytest

from dataferry.core.errors import NotFound
from dataferry.sources.subsets import patterns_of

SPLITS = [
    {"split": "train", "path": "data/train-*"},
    {"split": "test", "path": ["data/test-0", "./data/test-1"]},
]


def config(name: str | None = None, **more: Any) -> dict[str, Any]:
    return {"config_name": name, **more} if name else more


@pytest.mark.parametrize(
    ("data_files", "split", "found"),
    [
        (SPLITS, "train", ("/data/train-*",)),
        (SPLITS, "test", ("/data/test-0", "/data/test-1")),
        (SPLITS, None, ("/data/train-*", "/data/test-0", "/data/test-1")),
        ({"train": "a.csv", "test": ["b.csv"]}, "test", ("/b.csv",)),
        ("a.csv", "train", ("/a.csv",)),
        (["a.csv", "b.csv"], None, ("/a.csv", "/b.csv")),
        (None, None, ("/**",)),
        ([{"split": 1, "path": None}], None, ("/**",)),
    ],
)
def test_every_way_to_write_data_files(data_files: Any, split: str | None, found: tuple[str, ...]) -> None:
    assert patterns_of([config("a", data_files=data_files)], "a", split) == found


def test_a_folder_stands_before_each_path() -> None:
    configs = [config("a", data_dir="./text/", data_files=SPLITS[:1]), config("b", data_dir="image")]
    assert patterns_of(configs, "a", "train") == ("/text/data/train-*",)
    assert patterns_of(configs, "b", None) == ("/image/**",)


@pytest.mark.parametrize(
    ("configs", "found"),
    [
        ([config("only", data_files="a.csv")], "/a.csv"),
        ([config(data_files="a.csv")], "/a.csv"),
        ([config("x", data_files="x.csv"), config("y", data_files="y.csv", default=True)], "/y.csv"),
        ([config("x", data_files="x.csv"), config("default", data_files="d.csv")], "/d.csv"),
    ],
)
def test_the_default_config(configs: Any, found: str) -> None:
    assert patterns_of(configs, None, "train") == (found,)


@pytest.mark.parametrize("configs", [None, [], "words", 5, [None, "x"]])
def test_a_card_that_says_nothing_leads_to_patterns(configs: Any) -> None:
    with pytest.raises(NotFound) as caught:
        patterns_of(configs, None, "train")
    assert "pattern" in (caught.value.next_step or "")


def test_what_does_not_exist_is_said_with_what_does() -> None:
    configs = [config(f"c{number}", data_files=SPLITS) for number in range(20)]
    with pytest.raises(NotFound, match="no config 'x'") as caught:
        patterns_of(configs, "x", None)
    assert caught.value.next_step == "It has " + ", ".join(f"c{n}" for n in range(12)) + " and 8 more."
    with pytest.raises(NotFound, match="no split 'dev'") as caught:
        patterns_of(configs, "c1", "dev")
    assert caught.value.next_step == "It has train, test."
    with pytest.raises(NotFound, match="several configs"):
        patterns_of(configs, None, "train")
    with pytest.raises(NotFound, match="no split") as caught:
        patterns_of([config("a", data_dir="x")], "a", "train")
    assert "leave the split out" in (caught.value.next_step or "")


def test_a_split_without_files_is_not_the_whole_dataset() -> None:
    with pytest.raises(NotFound, match="names no files of the split 'test'"):
        patterns_of([config("a", data_files=[*SPLITS[:1], {"split": "test", "path": []}])], "a", "test")
