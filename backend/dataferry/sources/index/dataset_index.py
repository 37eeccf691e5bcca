"""An open index, as a search asks it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dataferry.core.types import DatasetSummary, SourceName
from dataferry.sources.base import SearchQuery
from dataferry.sources.index.manifest import IndexManifest, IndexUnusable, read_manifest
from dataferry.sources.language import stems
from dataferry.sources.relevance import Corpus, TextFields
from dataferry.sources.vocabulary import english_for, meanings_of

if TYPE_CHECKING:
    from dataferry.sources.index.documents import Found
    from dataferry.sources.index.queries import Meanings

#: Where a pointer names a folder that a fresher index has just replaced, it is read again.
_OPEN_TRIES = 3
#: Stems whose frequency is remembered of each hub: searches meet the same ones again.
_REMEMBERED = 1 << 13


@dataclass(frozen=True)
class IndexHits:
    """``found``: each hub's best datasets in the index's order, with the stems of each by its ``ref``.
    ``corpus``: how often the words of the search are in the whole catalogue."""

    found: Mapping[SourceName, Sequence["Found"]]
    corpus: Corpus
    #: How fresh the index is.
    snapshot_at: datetime | None

    @cached_property
    def summaries(self) -> dict[SourceName, list[DatasetSummary]]:
        """The datasets alone."""
        return {source: [hit.summary for hit in hits] for source, hits in self.found.items()}

    @cached_property
    def fields(self) -> dict[str, TextFields]:
        return {hit.summary.ref: hit.fields for hits in self.found.values() for hit in hits}


class DatasetIndex:
    """An open index. Several threads may search it; it stays readable after a fresher one has replaced it."""

    def __init__(self, manifest: IndexManifest, parts: Mapping[SourceName, "_Part"]) -> None:
        self.manifest = manifest
        self._parts = parts

    @classmethod
    def open(cls, folder: Path, pages: Mapping[SourceName, str]) -> Self | None:
        """The current index of ``folder``; None where there is none. ``pages``: the address of each hub's
        datasets, which their ids follow.

        Errors: ``IndexUnusable``.
        """
        for _ in range(_OPEN_TRIES):
            manifest = read_manifest(folder)
            if manifest is None:
                return None
            try:
                return cls(manifest, _open_parts(folder, manifest, pages))
            except IndexUnusable:
                if read_manifest(folder) == manifest:
                    raise
        raise IndexUnusable("it is replaced again and again")

    @property
    def sources(self) -> tuple[SourceName, ...]:
        """The hubs that it holds."""
        return tuple(self._parts)

    def search(self, query: SearchQuery, sources: Sequence[SourceName]) -> IndexHits:
        """From ``query.offset`` on, the ``query.limit`` best of each of the ``sources`` that it holds.
        Blocks, for milliseconds.

        Errors: ``IndexUnusable`` where its files are damaged.
        """
        meanings = meanings_of(query.text)
        asked = [name for name in sources if name in self._parts]
        found = {name: self._parts[name].search(query, meanings) for name in asked}
        frequencies = [self._parts[name].frequencies(meanings) for name in asked]
        parts = [self.manifest.sources[name] for name in asked]
        datasets = sum(part.datasets for part in parts)
        corpus = Corpus(
            datasets=datasets,
            mean_length=sum(part.mean_length * part.datasets for part in parts) / (datasets or 1),
            frequencies={
                stem: sum(counts[stem] for counts in frequencies) for stem in next(iter(frequencies), {})
            },
        )
        return IndexHits(found, corpus, self.manifest.snapshot_at)


def _open_parts(
    folder: Path, manifest: IndexManifest, pages: Mapping[SourceName, str]
) -> dict[SourceName, "_Part"]:
    parts: dict[SourceName, _Part] = {}
    for source, stated in manifest.sources.items():
        path = folder / stated.folder
        try:
            size = sum(file.stat().st_size for file in path.iterdir())
        except OSError as error:
            raise IndexUnusable(f"its files cannot be read ({error.strerror})") from error
        # A file that is shorter than it was would end the process once it is read beyond its end.
        if size != stated.bytes:
            raise IndexUnusable("its files are not those that were built")
        parts[source] = _Part(source, path, pages.get(source, ""))
    return parts


class _Part:
    """One hub's index."""

    def __init__(self, source: SourceName, path: Path, page: str) -> None:
        # The library is loaded with the first index: 20 MB that a server without one does not have.
        from tantivy import Index

        from dataferry.sources.index.queries import frequency

        self._source = source
        self._page = page
        with _telling_damage():
            index = Index.open(str(path))
            # What is built is never changed: nothing is to be watched for.
            index.config_reader("manual")
            self._schema, self._searcher = index.schema, index.searcher()
        self._frequency = lru_cache(_REMEMBERED)(partial(frequency, self._searcher))

    def search(self, query: SearchQuery, meanings: "Meanings") -> list["Found"]:
        from tantivy import Order

        from dataferry.sources.index.documents import read_document
        from dataferry.sources.index.queries import QueryBuilder

        queries = QueryBuilder(self._schema, self._searcher, self._frequency, meanings, query.filters)
        order = None if query.filters.sort == "relevance" else query.filters.sort
        english = english_for(query.text) or query.text
        found = queries.any_word() if order is None else queries.most_words(stems(english))
        with _telling_damage():
            hits = self._searcher.search(
                found, query.limit, count=False, order_by_field=order, offset=query.offset, order=Order.Desc
            ).hits
            return [
                read_document(self._source, self._searcher.doc(address), self._page)
                for _score, address in hits
            ]

    def frequencies(self, meanings: "Meanings") -> dict[str, int]:
        """In how many of its datasets each stem is that may be meant."""
        return {stem: self._frequency(stem) for meant in meanings.values() for stem in meant}


@contextmanager
def _telling_damage() -> Iterator[None]:
    """Errors: ``IndexUnusable`` in place of what the library raises over files that it cannot read."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexUnusable(f"its files are damaged ({error})") from error
    except BaseException as error:
        # A panic of the library is no ``Exception``.
        if type(error).__name__ != "PanicException":
            raise
        raise IndexUnusable("its files are damaged") from error
