"""The tables that a README declares, in every form that cards have; others by the names of files."""

import pytest

from dataferry.explorer.declared_groups import declared_groups, groups_of
from dataferry.explorer.table_groups import TableFile

PATHS = (
    "README.md",
    "clf/compass.csv",
    "clf/wine.csv",
    "data/calibration-0.parquet",
    "data/train-00000-of-00002.parquet",
    "data/train-00001-of-00002.parquet",
    "extra/test.csv",
)
FILES = [TableFile(path, 1, path) for path in PATHS[1:]]
CARDS = {
    "a split with a path, a pattern and several": (
        "- config_name: default\n  data_files:\n  - split: calibration\n    path: data/cal*\n"
        "  - split: train\n    path: [data/train-*.parquet, clf/wine.csv]",
        [("default", "calibration", 1), ("default", "train", 3)],
    ),
    "a string alone": ("- data_files: clf/*.csv", [("default", "train", 2)]),
    "a folder, and the default first": (
        "- config_name: one\n  data_dir: ./clf\n  data_files: wine.csv\n"
        "- config_name: two\n  default: true\n  data_files: [{split: test, path: '**/test.csv'}]",
        [("two", "test", 1), ("one", "train", 1)],
    ),
    "a mapping": ("- config_name: m\n  data_files: {dev: clf/wine.csv}", [("m", "dev", 1)]),
    "one file in two configs": (
        "- config_name: a\n  data_files: clf/wine.csv\n- config_name: b\n  data_files: clf/wine.csv",
        [("a", "train", 1), ("b", "train", 1)],
    ),
    "files that are not here": ("- data_files: elsewhere/*.csv", []),
    "no list": ("yes", []),
    "no YAML": ("[}", []),
    "a split twice": (
        "- data_files:\n  - {split: train, path: clf/wine.csv}\n  - {split: train, path: clf/compass.csv}",
        [("default", "train", 2)],
    ),
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card(name: str) -> None:
    configs, expected = CARDS[name]
    groups = declared_groups(f"---\nlicense: mit\nconfigs:\n{configs}\n---\n# Title\n", FILES)
    assert [(one.config, one.split, len(one.files)) for one in groups] == expected
    assert len({one.id for one in groups}) == len(groups)


def test_what_a_readme_does_not_name_is_grouped_by_its_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    tree = tmp_path_factory.mktemp("tree")
    by_name = groups_of(tree, FILES)
    assert [one.split for one in by_name] == [None, None, None, "train", "test"]
    (tree / "README.md").write_text("---\nconfigs:\n- data_files: clf/*\n---\n", encoding="utf-8")
    groups = groups_of(tree, FILES)
    assert [(one.config, one.split, len(one.files)) for one in groups[:2]] == [
        ("default", "train", 2),
        (None, None, 1),
    ]
    assert sum(len(one.files) for one in groups) == len(FILES)
