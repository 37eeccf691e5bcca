"""Runs the search over the development set: end to end through the fake hubs, and the ranking alone."""

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dataferry.core.settings import Settings
from dataferry.core.types import DatasetSummary
from dataferry.sources.base import SearchFilters
from dataferry.sources.catalog import Catalog, build_sources, find_index
from dataferry.sources.ranking import rank
from tests.evals import score
from tests.evals.hubs import make_catalogue, make_hubs
from tests.support.catalogues import build_index

#: A query's answer is judged by its first five.
_LIMIT = 10
#: Nobody listens there.
_NOWHERE = "http://127.0.0.1:9"

Run = list[dict[str, Any]]


def search_live(queries: str = "relevance.jsonl", catalogue: str = "catalogue.jsonl") -> Run:
    """The refs that a search of both hubs returns for each query, best first."""
    return asyncio.run(_search_live(queries, catalogue))


async def _search_live(queries: str, catalogue: str) -> Run:
    hubs = make_hubs(catalogue)
    with hubs.kaggle, hubs.hub:
        settings = Settings(_env_file=None, kaggle_endpoint=hubs.kaggle.url, hf_endpoint=hubs.hub.url)
        catalog = Catalog(build_sources(settings), settings)
        try:
            return [await _ask(catalog, row) for row in score.load(queries)]
        finally:
            catalog.close()


def search_index(queries: str = "relevance.jsonl", catalogue: str = "catalogue.jsonl") -> Run:
    """The same where the hubs cannot be reached, and both catalogues are in an index."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            _env_file=None, data_dir=Path(folder), kaggle_endpoint=_NOWHERE, hf_endpoint=_NOWHERE
        )
        build_index(make_catalogue(catalogue), Path(folder) / "snapshots", settings.index_folder)
        return asyncio.run(_search_index(queries, settings))


async def _search_index(queries: str, settings: Settings) -> Run:
    catalog = Catalog(build_sources(settings), settings, index=find_index(settings))
    try:
        return [await _ask(catalog, row) for row in score.load(queries)]
    finally:
        catalog.close()


async def _ask(catalog: Catalog, row: Mapping[str, Any]) -> dict[str, Any]:
    found = await catalog.search(
        row["query"], credentials={}, sources=("kaggle", "huggingface"), limit=_LIMIT
    )
    assert not found.source_errors, found.source_errors
    shown = [ref for hit in found.datasets for ref in (hit.ref, *(copy.ref for copy in hit.copies))]
    return {"qid": row["qid"], "refs": shown}


def rank_everything(queries: str = "relevance.jsonl", catalogue: str = "catalogue.jsonl") -> Run:
    """The ranking where every hub had returned its whole catalogue."""
    rows = score.load(catalogue)
    found = {
        source: [summary_of(row) for row in rows if row["source"] == source]
        for source in ("kaggle", "huggingface")
    }
    return [
        {"qid": query["qid"], "refs": [hit.ref for hit in rank(found, query["query"], SearchFilters())]}
        for query in score.load(queries)
    ]


def summary_of(row: Mapping[str, Any]) -> DatasetSummary:
    """A line of the catalogue as its source would tell it."""
    fields = {name: row[name] for name in DatasetSummary.model_fields if name in row}
    updated = datetime.fromisoformat(row["updated_at"]).replace(tzinfo=UTC)
    return DatasetSummary(**(fields | {"updated_at": updated}))
