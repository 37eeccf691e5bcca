"""Files chosen by path and pattern."""

import time

import pytest

from dataferry.core.errors import InvalidInput, NotFound
from dataferry.library.selection import Choice, Selection, matching_paths

PATHS = ("README.md", "data/a.csv", "data/deep/b.csv", "data/train-0.parquet", "top.csv", "[a].csv")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("top.csv", {"top.csv"}),
        ("*.csv", {"data/a.csv", "data/deep/b.csv", "top.csv", "[a].csv"}),
        ("/*.csv", {"top.csv", "[a].csv"}),
        ("data/*.csv", {"data/a.csv"}),
        ("data/**", {"data/a.csv", "data/deep/b.csv", "data/train-0.parquet"}),
        ("data/", {"data/a.csv", "data/deep/b.csv", "data/train-0.parquet"}),
        ("data/**/*.csv", {"data/a.csv", "data/deep/b.csv"}),
        ("**/deep/*", {"data/deep/b.csv"}),
        ("**", set(PATHS)),
        ("/", set(PATHS)),
        ("train-?.parquet", {"data/train-0.parquet"}),
        ("data/[a-c].csv", {"data/a.csv"}),
        # A file of that very name comes before what the brackets could mean.
        ("[a].csv", {"[a].csv"}),
    ],
)
def test_patterns(pattern: str, found: set[str]) -> None:
    assert matching_paths(PATHS, [pattern]) == found


def test_several_are_joined() -> None:
    assert matching_paths(PATHS, ["README.md", "data/*.csv"]) == {"README.md", "data/a.csv"}


@pytest.mark.parametrize("pattern", ["a.csv", "data", "*.txt", "DATA/*", "data/a.csv/**", "[", "**/x/**"])
def test_what_fits_nothing_is_named_with_what_exists(pattern: str) -> None:
    with pytest.raises(NotFound) as caught:
        matching_paths([*PATHS, "z.csv"], ["top.csv", pattern])
    assert caught.value.detail == f"The dataset has no file {pattern}."
    assert caught.value.next_step == (
        "It has README.md, [a].csv, data/a.csv, data/deep/b.csv, data/train-0.parquet and 2 more."
    )


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (Choice(include=("data/*",)), {"data/a.csv", "data/deep/b.csv", "data/train-0.parquet"}),
        (Choice(include=("data/",)), {"data/a.csv", "data/deep/b.csv", "data/train-0.parquet"}),
        (Choice(include=("*.csv", "*.tsv")), {"data/a.csv", "data/deep/b.csv", "top.csv", "[a].csv"}),
        (Choice(exclude=("data/*", "*.md")), {"top.csv", "[a].csv"}),
        (Choice(exclude=("*.tsv",)), set(PATHS)),
        (Choice(include=("*.csv",), exclude=("*/deep/*",)), {"data/a.csv", "top.csv", "[a].csv"}),
        (Choice(files=("data/**",), exclude=("*.parquet",)), {"data/a.csv", "data/deep/b.csv"}),
        (Choice(), set(PATHS)),
    ],
)
def test_include_and_exclude_are_those_of_hf(choice: Choice, found: set[str]) -> None:
    assert choice.matching(PATHS) == found


def test_where_nothing_is_left_what_exists_is_told() -> None:
    with pytest.raises(NotFound, match=r"no file \*\.tsv") as caught:
        Choice(include=("*.tsv",)).matching(PATHS)
    assert "README.md" in caught.value.next_step
    with pytest.raises(NotFound, match=r"not \*"):
        Choice(exclude=("*",)).matching(PATHS)


def test_a_pattern_made_to_be_slow_is_not() -> None:
    path = "/".join(["a" * 200] * 60)
    began = time.process_time()
    with pytest.raises(NotFound):
        matching_paths([path], ["**/" * 300 + "b", "*a" * 400 + "b"])
    with pytest.raises(NotFound):
        Choice(include=("*a" * 400 + "b",)).matching([path[:4096]])
    assert time.process_time() - began < 2


def test_a_choice_has_a_name_of_its_own() -> None:
    assert Selection().digest == ""
    assert Selection.of([], "", "").digest == ""
    choices = [
        Selection.of(["a", "b"]),
        Selection.of(["a"]),
        Selection.of(config="a"),
        Selection.of(split="a"),
        Selection.of(config="a", split="a"),
        Selection.of(keep_archives=True),
        Selection.of(["a"], keep_archives=True),
        Selection.of(include=["a"]),
        Selection.of(exclude=["a"]),
    ]
    assert len({choice.digest for choice in choices}) == len(choices)
    # Stored with rows since the first release.
    assert Selection.of(["b", "a", "a"]).digest == Selection.of(["a", "b"]).digest == "7e18f737"
    assert [choice.everything for choice in choices] == [False] * 5 + [True] + [False] * 3
    assert [Selection.from_params(choice.params) for choice in choices] == choices
    assert Selection.from_params({}) == Selection()


def test_what_cannot_go_together_is_refused() -> None:
    with pytest.raises(InvalidInput, match="together"):
        Selection.of(["a"], config="b")
    with pytest.raises(InvalidInput, match="100 patterns"):
        Selection.of([f"{number}*" for number in range(101)])
    Selection.of([f"{number}.csv" for number in range(10_000)])
