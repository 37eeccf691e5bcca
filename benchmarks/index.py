"""``make bench``: the index of both hubs' catalogues, over made-up datasets in the snapshots' formats.

Prints the time and the memory of the build, the size on disk, what an open index adds to an idle process, and
the time of searches with filters, ranking and folding. Beside them, in the same run, the index alone, and
SQLite's FTS5 over the same texts.
"""

import argparse
import asyncio
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks import catalogues
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread
from dataferry.core.types import DatasetSummary, SourceName
from dataferry.sources.base import SearchFilters, SearchQuery
from dataferry.sources.catalog import find_index
from dataferry.sources.index.dataset_index import IndexHits
from dataferry.sources.index.handle import IndexHandle
from dataferry.sources.index.process import build_in_process
from dataferry.sources.merged_search import INDEX_PAGE_SIZE, MergedSearch

ROWS, QUERIES = 1_000_000, 300
HUBS: tuple[SourceName, ...] = ("kaggle", "huggingface")
FILTERS = (
    SearchFilters(),
    SearchFilters(),
    SearchFilters(license="cc-by", max_bytes=1_000_000_000),
    SearchFilters(format="csv", task="text-classification"),
    SearchFilters(language="de", sort="downloads"),
)


def queries(count: int) -> list[tuple[str, SearchFilters]]:
    """Two to four words each, of which one is frequent and the others are of any frequency."""
    source, known = np.random.default_rng(3), catalogues.words()
    made = []
    for number in range(count):
        picked = [int(source.integers(20, 400))]
        picked += [int(10 ** source.uniform(1.5, 4.7)) for _ in range(1 + number % 3)]
        made.append((" ".join(known[n] for n in picked), FILTERS[number % len(FILTERS)]))
    return made


def build(snapshots: dict[SourceName, Path], folder: Path) -> None:
    began = time.perf_counter()
    manifest = build_in_process(snapshots, folder, lambda _progress: None, threading.Event())
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"built             {seconds:6.0f} s    {manifest.datasets:,} datasets, goal ≤ 300 s")
    print(f"memory at most    {peak:6.0f} MiB  goal ≤ 763 (800 MB)")
    print(f"on disk           {manifest.bytes / 1e6:6.0f} MB   goal ≤ 1000")


def idle_memory(data_dir: Path) -> float:
    """MiB that a process has more once it has searched the index than before."""
    code = (
        "import sys, resource; from pathlib import Path; from dataferry.core.settings import Settings;"
        "from dataferry.sources.catalog import find_index;"
        "from dataferry.sources.base import SearchQuery, SearchFilters;"
        "from dataferry.sources.vocabulary import meanings_of; meanings_of('warm');"
        "resident = lambda: int(Path('/proc/self/statm').read_text().split()[1]) * 4096 / 2**20;"
        "index = find_index(Settings(_env_file=None, data_dir=Path(sys.argv[1]))); before = resident();"
        "index.search(SearchQuery(sys.argv[2], SearchFilters(), 100), ('kaggle', 'huggingface'));"
        "print(resident() - before)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(data_dir), queries(1)[0][0]],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout)


async def search_all(index: IndexHandle) -> list[float]:
    """Milliseconds of each search, without its plain questions to the hubs."""

    async def ask_index(question: SearchQuery, sources: Sequence[SourceName]) -> IndexHits | None:
        return await in_thread("short", index.search, question, sources)

    async def ask_nobody(name: SourceName, question: SearchQuery) -> list[DatasetSummary]:
        raise AssertionError("the hub is in the index")

    taken = []
    for text, filters in queries(QUERIES):
        merged = MergedSearch(ask_nobody, text, filters, HUBS, ask_index)
        began = time.perf_counter()
        await merged.grow(20, 5)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def raw(index: IndexHandle, sources: Sequence[SourceName]) -> list[float]:
    """Milliseconds of the best of each hub, unranked."""
    taken = []
    for text, filters in queries(QUERIES):
        began = time.perf_counter()
        index.search(SearchQuery(text, filters, INDEX_PAGE_SIZE), sources)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def full_text_of_sqlite(snapshot: Path, folder: Path) -> list[float]:
    """Milliseconds of the best of HuggingFace by SQLite's FTS5, without filters."""
    table = pq.read_table(snapshot / "datasets.parquet", columns=["id", "description"])
    database = sqlite3.connect(folder / "fts5.sqlite")
    try:
        database.execute("CREATE VIRTUAL TABLE datasets USING fts5(name, about, tokenize = 'porter')")
        for batch in table.to_batches(20_000):
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            database.executemany("INSERT INTO datasets VALUES (?, ?)", rows)
        database.commit()
        taken = []
        for text, _filters in queries(QUERIES // 10):
            began = time.perf_counter()
            database.execute(
                "SELECT rowid FROM datasets WHERE datasets MATCH ? ORDER BY bm25(datasets, 2, 1) LIMIT ?",
                (" OR ".join(text.split()), INDEX_PAGE_SIZE),
            ).fetchall()
            taken.append((time.perf_counter() - began) * 1000)
        return taken
    finally:
        database.close()


def tell(name: str, taken: list[float], goal: str = "") -> None:
    p95 = statistics.quantiles(taken, n=20)[18]
    print(f"{name:24}{statistics.median(taken):6.1f} ms median, p95 {p95:6.1f} ms{goal}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.index", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"datasets of both hubs, by default {ROWS:,}")
    parser.add_argument("--folder", type=Path, help="keep snapshots and index there, and use what is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        snapshots: dict[SourceName, Path] = {
            "huggingface": folder / "hub-stats",
            "kaggle": folder / "meta-kaggle",
        }
        if not (folder / "meta-kaggle").exists():
            snapshots = catalogues.write(folder, options.rows)
        settings = Settings(_env_file=None, data_dir=folder)
        build(snapshots, settings.index_folder)
        print(f"open and searched {idle_memory(folder):6.0f} MiB more in an idle process, goal ≤ 57 (60 MB)")
        index = find_index(settings)
        tell("index, ranking, folding", asyncio.run(search_all(index)), "   goal ≤ 20")
        tell("index alone", raw(index, HUBS))
        tell("HuggingFace's alone", raw(index, ("huggingface",)))
        tell("the same in FTS5", full_text_of_sqlite(snapshots["huggingface"], Path(temporary)))


if __name__ == "__main__":
    main()
