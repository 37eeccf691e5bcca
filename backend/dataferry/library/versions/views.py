"""What is told of a dataset's versions."""

from datetime import datetime
from typing import Literal

from dataferry.core.types import View
from dataferry.core.vocabulary import AboutDataset

Change = Literal["added", "removed", "changed"]


class VersionView(View):
    """A version. ``added``, ``removed`` and ``changed`` count files, compared with the version before;
    ``current``: the library has these very files."""

    id: str
    short: str
    number: int
    message: str
    author: str
    at: datetime
    revision: str | None
    rows: int
    file_count: int
    size_bytes: int
    added: int
    removed: int
    changed: int
    restores: str | None = None
    current: bool = False


class VersionPage(AboutDataset):
    """A dataset's versions, newest first; none of one that is not ``versioned``. ``folder``: their repository
    on the server's machine. ``may_write``: the viewer may record and restore."""

    versions: tuple[VersionView, ...]
    total: int
    versioned: bool
    may_write: bool
    folder: str | None = None
    next: str | None = None


class VersionTable(View):
    """A class of an index file. ``fields``: as the file writes them."""

    name: str
    rows: int
    fields: tuple[str, ...]


class VersionDetail(VersionView):
    """A version with what it is made of."""

    index_file: str
    tables: tuple[VersionTable, ...]


class VersionValue(View):
    """A row's value of a field; ``text`` is cut where it is long, and null where there is none. Of a file its
    ``sha256`` and size too."""

    text: str | None
    sha256: str | None = None
    size_bytes: int | None = None


class VersionCell(View):
    """A field of a row before and after; null where a version has no such row."""

    field: str
    before: VersionValue | None
    after: VersionValue | None


class VersionRow(View):
    """A row that differs. ``before`` and ``after``: its number in each version, from 0. ``name``: its path,
    or what else tells it."""

    change: Change
    before: int | None
    after: int | None
    name: str | None
    cells: tuple[VersionCell, ...]


class TableChanges(View):
    """How many rows of a class differ, and which fields are new or gone."""

    name: str
    added: int
    removed: int
    changed: int
    new_fields: tuple[str, ...]
    dropped_fields: tuple[str, ...]


class VersionComparison(View):
    """Two versions. ``tables``: those that differ; ``rows``: of ``table``, a page of ``total``."""

    older: VersionView
    newer: VersionView
    tables: tuple[TableChanges, ...]
    table: str | None
    rows: tuple[VersionRow, ...]
    total: int
    next: str | None = None


class VersionPicture(View):
    """``width`` and ``height``: of the whole picture. ``thumbnail``: a WebP as a ``data:`` address."""

    sha256: str
    width: int
    height: int
    thumbnail: str


class VersionPictures(View):
    """The pictures that were found."""

    pictures: tuple[VersionPicture, ...]
