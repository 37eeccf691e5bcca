"""Which datasets a person may see: for what others tell them of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

from sqlmodel import Session, col, select

from dataferry.core.db import Database
from dataferry.core.errors import InvalidInput
from dataferry.core.specs import SOURCES
from dataferry.core.types import DatasetRef, Viewer
from dataferry.library import rights, rows
from dataferry.library.access import Access
from dataferry.library.models import Alias, Dataset

T = TypeVar("T")

Sight = Literal["seen", "unseen", "unknown"]
"""``unknown``: the library has no such dataset, so that its source alone knows."""

#: Rows asked for at once: a database takes only so many values in a query.
_BATCH = 400


class VisibleDatasets:
    """Asks the one rule of the library (``rights``) about many datasets at once."""

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    async def sights(self, viewer: Viewer, refs: Collection[str]) -> Mapping[str, Sight]:
        """What the viewer may see of these datasets, whoever asked for them: ``seen`` is what they could ask
        for themselves, or what is shared with them. What is no ref is ``unseen``."""
        return await self._access.renewed(viewer, lambda session: _sights(session, viewer, refs))


def _sights(session: Session, viewer: Viewer, texts: Collection[str]) -> dict[str, Sight]:
    refs = {text: ref for text in texts if (ref := _parsed(session, text)) is not None}
    held: dict[DatasetRef, set[str]] = {ref: set() for ref in refs.values()}
    permitted: set[str] = set()
    for batch in _batches(list(held)):
        for row in rows.find_all(session, batch):
            held[rows.ref_of(row)].add(row.id)
    for ids in _batches([row_id for found in held.values() for row_id in found]):
        query = select(Dataset.id).where(col(Dataset.id).in_(ids), *rights.permitted_to(viewer))
        permitted.update(session.exec(query))
    return {text: _sight(refs.get(text), held, permitted) for text in texts}


def _sight(ref: DatasetRef | None, held: Mapping[DatasetRef, set[str]], permitted: set[str]) -> Sight:
    if ref is None:
        return "unseen"
    if held[ref]:
        # One revision may be public and another not: which of them was told of, nobody knows.
        return "seen" if held[ref] <= permitted else "unseen"
    if ref.source == "builtin":
        return "seen"
    return "unseen" if ref.source == "url" or SOURCES[ref.source].given else "unknown"


def _parsed(session: Session, text: str) -> DatasetRef | None:
    """The ref that a ref or a short name stands for."""
    try:
        ref = DatasetRef.parse(text)
        alias = session.get(Alias, ref.id)
        return DatasetRef.parse(alias.ref) if alias is not None else ref
    except InvalidInput:
        return None


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(values), _BATCH):
        yield values[begin : begin + _BATCH]
