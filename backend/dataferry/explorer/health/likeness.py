"""The images of a dataset that look most like a picture, by the fingerprints that its scan has kept."""

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from dataferry.core.db import Database
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.explorer.health.handler import version_of
from dataferry.explorer.health.kept import HealthFolders
from dataferry.explorer.health.near import normal
from dataferry.explorer.health.scan import kept_version
from dataferry.explorer.health.service import Health
from dataferry.explorer.health.views import LikeSample, LikeSamples
from dataferry.library import rows
from dataferry.library.access import Access
from dataferry.library.models import Dataset
from dataferry.library.paths import Store

#: Those whose fingerprints differ least, of which the greys are compared.
_CANDIDATES = 256


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of ``imaging.measures``: ``bits``, 16 bytes, and ``greys``, 256."""

    bits: bytes
    greys: bytes


class Likeness:
    """Takes the viewer: what they may not see answers ``NotFound``."""

    def __init__(self, database: Database, store: Store, access: Access, health: Health) -> None:
        self._database = database
        self._folders = HealthFolders(store)
        self._access = access
        self._health = health

    async def find(
        self, viewer: Viewer, key: str, wanted: Fingerprint, *, limit: int, revision: str | None = None
    ) -> LikeSamples:
        """The nearest, of the images that are measured by now; the first look starts what measures them.
        Errors: ``NotFound`` for a dataset that is not here."""
        row = await self._access.renewed(
            viewer, lambda session: rows.downloaded(session, viewer, key, revision)
        )
        report = await self._health.statistics(viewer, key, revision)
        pictured = not any(group.of == "rows" for group in report.groups)
        compared, found = await in_thread("disk", self._nearest, row, wanted, limit)
        return LikeSamples(
            key=rows.ref_of(row).key,
            title=row.title,
            state=report.state,
            job=report.job,
            reason=None if pictured else f"{row.title} has no images to compare with.",
            compared=compared,
            samples=tuple(self._sample(row, one) for one in found),
        )

    def _nearest(self, row: Dataset, wanted: Fingerprint, limit: int) -> tuple[int, list["_Near"]]:
        """How many are measured, and the nearest. Blocks."""
        path = self._folders.of(row.id) / "images.sqlite"
        with suppress(sqlite3.Error), closing(_read_only(path)) as connection:
            if kept_version(connection, version_of(row)):
                return _nearest(connection, wanted, limit)
        return 0, []

    def _sample(self, row: Dataset, near: "_Near") -> LikeSample:
        address = f"/api/datasets/{rows.ref_of(row).key}/samples/{quote(near.split, safe='')}/{near.number}"
        revision = quote(row.revision, safe="")
        return LikeSample(
            split=near.split,
            number=near.number,
            name=near.name,
            label=near.label,
            differing_bits=near.bits,
            alike=near.alike,
            thumbnail=f"{address}/thumbnail?revision={revision}",
            image=f"{address}/image?revision={revision}",
        )


@dataclass(frozen=True, slots=True)
class _Near:
    split: str
    number: int
    name: str
    label: str | None
    bits: int
    alike: float


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)


def _nearest(connection: sqlite3.Connection, wanted: Fingerprint, limit: int) -> tuple[int, list[_Near]]:
    ids, hashes = [], []
    for rowid, fingerprint in connection.execute("SELECT rowid, hash FROM images WHERE hash IS NOT NULL"):
        ids.append(rowid)
        hashes.append(fingerprint)
    if not ids:
        return 0, []
    words = np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 2)
    differing = np.bitwise_count(words ^ np.frombuffer(wanted.bits, np.uint64)).sum(1)
    nearest = np.argsort(differing, kind="stable")[:_CANDIDATES]
    found = []
    query = "SELECT split, number, name, label, grey FROM images WHERE rowid = ?"
    for place in nearest.tolist():
        split, number, name, label, grey = connection.execute(query, (ids[place],)).fetchone()
        alike = _correlation(wanted.greys, grey)
        found.append(_Near(split, number, name, label, int(differing[place]), alike))
    found.sort(key=lambda one: (one.bits, -one.alike))
    return len(ids), found[:limit]


def _correlation(one: bytes, other: bytes) -> float:
    pair: npt.NDArray[np.uint8] = np.frombuffer(one + other, np.uint8).reshape(2, -1)
    left, right = normal(pair)
    return round(float((left * right).sum()), 3)
