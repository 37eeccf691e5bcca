"""Tables are named by what their files' names say, and parts are brought together."""

import pytest

from dataferry.library.table_names import named_tables, split_of

PARTS = ("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet")


@pytest.mark.parametrize(
    ("paths", "tables"),
    [
        (["train.csv", "test.csv", "README.md"], {"train": 1, "test": 1}),
        (["Iris.csv", "database.sqlite"], {"Iris": 1}),
        ([*PARTS, "data/test-00000-of-00001.parquet"], {"train": 2, "test": 1}),
        (["en/train/0000.parquet", "en/train/0001.parquet", "de/train/0000.parquet", "de/dev/0000.parquet"],
         {"de/train": 1, "en/train": 2, "de/dev": 1}),
        (["titanic_train.csv", "titanic_test.csv", "gender.csv"], {"train": 1, "test": 1, "gender": 1}),
        (["train.csv", "train_labels.csv"], {"train": 1, "train_labels": 1}),
        (["data_2019.csv", "data_2020.csv"], {"data_2019": 1, "data_2020": 1}),
        (["ratings.csv", "old/ratings.csv"], {"ratings": 1, "old/ratings": 1}),
        (["iris.csv", "iris.parquet"], {"iris.csv": 1, "iris.parquet": 1}),
        (["x/part-00000-ab.snappy.parquet", "x/part-00001-ab.snappy.parquet"], {"x": 2}),
        (["train_test_split.csv"], {"train_test_split": 1}),
        (["meta.json", "questions.jsonl.gz"], {"questions": 1}),
        (["questions.json"], {"questions": 1}),
        (["photo.png"], {}),
    ],
)  # fmt: skip
def test_tables_and_their_parts(paths: list[str], tables: dict[str, int]) -> None:
    assert {table.name: len(table.paths) for table in named_tables(paths)} == tables
    assert {path for table in named_tables(paths) for path in table.paths} <= set(paths)


def test_training_comes_first_and_parts_are_in_order() -> None:
    names = [table.name for table in named_tables(["a.csv", "test.csv", "valid.csv", "training.csv"])]
    assert names == ["train", "validation", "test", "a"]
    assert named_tables(reversed(PARTS))[0].paths == PARTS


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("a/Validation/x.png", "validation"),
        ("train/test.csv", "test"),
        ("trainspotting.csv", None),
        ("train_vs_test.csv", None),
    ],
)
def test_a_split_is_a_word_of_its_own(path: str, split: str | None) -> None:
    assert split_of(path) == split
