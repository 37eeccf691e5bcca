"""What a source can do. A source only resolves a dataset to a manifest; the transfer engine fetches it."""

from dataclasses import dataclass
from typing import Literal, Protocol

from dataferry.core.types import (
    Checksum,
    Count,
    Credential,
    DatasetRef,
    DatasetSummary,
    Grade,
    Manifest,
    SourceLabel,
    SourceName,
    View,
)

Sort = Literal["relevance", "downloads", "updated", "size"]


class SearchFilters(View):
    """Narrows a search. ``license`` is a family or SPDX-like name (``cc0``, ``mit``), ``format`` a
    file format or modality (``csv``, ``parquet``, ``image``), ``task`` an ML task."""

    license: str | None = None
    format: str | None = None
    task: str | None = None
    min_bytes: Count | None = None
    max_bytes: Count | None = None
    sort: Sort = "relevance"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    text: str
    filters: SearchFilters
    limit: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that a download would bring. ``size`` in bytes, None where the source does not tell. ``grade``:
    whose word its checksum will be."""

    path: str
    size: int | None
    grade: Grade
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a revision consists of: what is fetched, and what is there afterwards.

    ``files`` by path; an archive that nobody looked into stands for its members. ``more``: the source has
    more files than are listed.
    """

    manifest: Manifest
    files: tuple[ListedFile, ...]
    more: bool = False


class SourceStatus(View):
    """What ``GET /api/sources`` says of one source.

    ``connected``: credentials are set · ``anonymous``: usable without · ``unreachable``: it failed
    lately (``problem`` says how) · ``ready``: needs none.
    """

    name: SourceName
    label: SourceLabel
    state: Literal["connected", "anonymous", "unreachable", "ready"]
    configured: bool
    account: str | None = None
    #: The credential is the asker's own, not the server's.
    own: bool = False
    problem: str | None = None
    next_step: str | None = None
    #: The settings that hold the server's own key, where it has none or a refused one.
    setting: str | None = None


class Source(Protocol):
    """One place datasets come from. Methods block, run in the source's own threads, and keep socket
    timeouts below the caller's deadline.

    Errors of all: the ``SourceError`` family; ``NotFound`` for an unknown dataset or revision;
    ``GatedDataset`` (with ``link``) where terms must be accepted first.
    """

    name: SourceName
    #: Calls of it at one time, each in a thread.
    threads: int
    #: The address of its hub, which is probed before it is asked; None where there is no one hub.
    endpoint: str | None
    #: What to do to use it with an account; empty where it knows none.
    how_to_connect: str

    def search(self, query: SearchQuery, credential: Credential) -> list[DatasetSummary]: ...

    def describe(self, ref: DatasetRef, revision: str | None, credential: Credential) -> DatasetSummary:
        """One dataset with its true id (an ownerless HuggingFace id is followed), size, file count,
        gate and the immutable ``revision``. ``ref`` in the answer is the canonical one."""
        ...

    def manifest(self, ref: DatasetRef, revision: str | None, credential: Credential) -> Manifest:
        """The files of that revision, with checksums where the source publishes them."""
        ...

    def readme(self, ref: DatasetRef, revision: str | None, credential: Credential) -> str:
        """The dataset's own text, untrusted; empty where there is none."""
        ...
