"""Receipts: their sums can be checked with common tools, their grade claims no more than is known."""

import shutil
import subprocess
from pathlib import Path

import pytest

from dataferry.core.files.digests import tree_checksum
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import DatasetRef, DatasetSummary
from dataferry.library.cards import States, build_card, loader_snippet
from dataferry.library.models import Dataset
from dataferry.library.receipts import receipt, weakest
from tests.support.programs import unavailable

_NOTHING_HERE: States = dict.fromkeys(("kaggle:uciml/iris", "builtin:iris"), (None, None))


def test_the_tree_checksum_is_that_of_sha256sums_own_output(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "a.txt").write_text("a")
    tool = shutil.which("sha256sum") or shutil.which("shasum")
    if tool is None:
        unavailable("wants sha256sum: apt install coreutils")
    command = [tool] if tool.endswith("sha256sum") else [tool, "-a", "256"]
    run = subprocess.run(
        [*command, "a.txt", "b.txt"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = [line.split("  ") for line in run.stdout.splitlines()]
    whole = subprocess.run(command, input=run.stdout, capture_output=True, text=True, check=True)
    assert tree_checksum((path, digest) for digest, path in lines) == whole.stdout.split()[0]


def test_a_dataset_is_worth_what_its_weakest_file_is() -> None:
    assert weakest(["publisher", "publisher"]) == "publisher"
    assert weakest(["publisher", "recorded", "transport"]) == "recorded"
    assert weakest([]) == "recorded"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (150_000, "150 kB"), (2_000_000_000, "2 GB")],
)
def test_sizes_are_readable(count: int, text: str) -> None:
    assert readable_bytes(count) == text


@pytest.mark.parametrize(
    ("grade", "words"),
    [
        ("publisher", "verified against the publisher's checksum"),
        ("transport", "verified in transport (CRC)"),
        ("recorded", "recorded at first use"),
    ],
)
def test_the_line_says_what_from_where_how_sure_and_for_whom(grade: str, words: str) -> None:
    dataset = Dataset(
        id="ds_1",
        source="huggingface",
        source_id="stanfordnlp/imdb",
        revision="e6281661ce1c48d982bc483cf8a173c1bbeb5d31",
        name="imdb",
        title="IMDB",
        license="MIT",
        updated_at_ms=0,
        downloaded_at_ms=1_700_000_000_000,
        local_path="/store/x",
        file_count=1,
        size=1500,
        checksum="0" * 64,
        grade=grade,
    )
    line = receipt(dataset, ("ada@example.org",)).line
    assert line.startswith("huggingface:stanfordnlp/imdb@e6281661ce1c · 1 file · 1.5 kB · sha256:")
    assert line.endswith(f"({words}) · MIT · 2023-11-14 · ada@example.org")


def test_a_card_of_a_hub_can_be_sent_back_unchanged() -> None:
    hub = build_card(_summary("kaggle:uciml/iris"), _NOTHING_HERE)
    assert (hub.id, hub.download_endpoint) == ("uciml/iris", "/api/datasets/download/kaggle")
    other = build_card(_summary("builtin:iris"), _NOTHING_HERE)
    assert (other.id, other.source, other.download_endpoint) == (
        "builtin:iris",
        "Built-in",
        "/api/datasets/download-dataset",
    )


def test_a_card_without_a_title_has_its_name() -> None:
    assert build_card(_summary("kaggle:uciml/iris", title=""), _NOTHING_HERE).title == "iris"


@pytest.mark.parametrize(
    ("ref", "tables", "part"),
    [
        ("kaggle:a/b", ["train.csv", "test.csv"], "pd.read_csv('/d/train.csv')"),
        ("huggingface:a/b", ["a.parquet"], "pd.read_parquet('/d/a.parquet')"),
        ("huggingface:a/b", ["b.parquet", "a.parquet"], 'load_dataset("/d")'),
        ("kaggle:a/b", [], 'Path("/d").rglob'),
    ],
)
def test_the_snippet_loads_what_is_there(ref: str, tables: list[str], part: str) -> None:
    snippet = loader_snippet(DatasetRef.parse(ref), "/d", tables)
    assert part in snippet
    compile(snippet, "snippet", "exec")


def _summary(ref: str, title: str = "Iris") -> DatasetSummary:
    parsed = DatasetRef.parse(ref)
    return DatasetSummary(ref=ref, source=parsed.source, id=parsed.id, title=title)
