"""What a source can do. A source only resolves a dataset to a manifest; the transfer engine fetches it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, Protocol, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from dataferry.core.errors import InvalidInput, NotFound
from dataferry.core.specs import SOURCES
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
from dataferry.sources.languages import language_code
from dataferry.sources.licences import is_license_name
from dataferry.sources.metadata import ModalityName, modality_name


def _known_modality(word: object) -> object:
    return modality_name(word) or word if isinstance(word, str) else word


#: By HuggingFace's name, or another by which people call it.
Modality = Annotated[ModalityName, BeforeValidator(_known_modality)]
Sort = Literal["relevance", "downloads", "updated", "size"]


class SearchFilters(View):
    """Narrows a search. Filters that no dataset can meet are refused, by name."""

    #: A family or SPDX-like name: ``cc0``, ``mit``, ``cc-by-4.0``.
    license: str | None = Field(None, max_length=60)
    #: Only datasets whose licence allows commercial use: as its text says, with conditions or without. Where
    #: no licence is stated, or what it allows is not known, nothing is allowed.
    commercial: bool = False
    #: A file format or kind of content: ``csv``, ``parquet``, ``image``.
    format: str | None = Field(None, max_length=60)
    #: An ML task: ``text-classification``.
    task: str | None = Field(None, max_length=60)
    #: A code of ISO 639 (``de``), or the language's name.
    language: str | None = Field(None, max_length=60)
    modality: Modality | None = None
    #: Changed on that day or later.
    updated_after: date | None = None
    #: True: only datasets whose terms must be accepted; false: none of them.
    gated: bool | None = None
    min_bytes: Count | None = None
    max_bytes: Count | None = None
    sort: Sort = "relevance"

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out: an order alone does not."""
        return self.model_copy(update={"sort": "relevance"}) != SearchFilters()

    @field_validator("language")
    @classmethod
    def _check_language(cls, name: str | None) -> str | None:
        code = language_code(name) if name else None
        if name and code is None:
            raise ValueError(f"there is no language {name!r}; give its code, such as de")
        return code

    @field_validator("license")
    @classmethod
    def _check_license(cls, name: str | None) -> str | None:
        if name and not is_license_name(name):
            raise ValueError(f"no licence is known as {name!r}; give one such as cc0, cc-by or mit")
        return name or None

    @model_validator(mode="after")
    def _check_ranges(self) -> Self:
        low, high = self.min_bytes, self.max_bytes
        if low is not None and high is not None and low > high:
            raise ValueError("min_bytes is more than max_bytes: no dataset has such a size")
        # It may be tomorrow already where the person is.
        if self.updated_after and self.updated_after > datetime.now(UTC).date() + timedelta(days=1):
            raise ValueError("updated_after is in the future: no dataset was changed then")
        return self


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


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """The files of a revision that can be looked into one by one. ``ref`` and ``revision`` are the true ones.
    ``main``: patterns of the files that the dataset itself says come first, in its own words. ``more``: the
    source has more files than are listed."""

    ref: DatasetRef
    revision: str
    files: tuple[ListedFile, ...]
    main: tuple[str, ...] = ()
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
    #: When that was last used, to ten minutes; None where it was not, or is the server's.
    last_used_at: datetime | None = None
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


def source_of(sources: Mapping[SourceName, Source], ref: DatasetRef) -> Source:
    """Errors: ``NotFound`` for what people give themselves, ``InvalidInput`` for a source that is not among
    these."""
    if SOURCES[ref.source].given:
        raise NotFound(
            f"{str(ref)[:120]} is in nobody's hands but its owner's, and not in this library.",
            next_step="Its owner adds it: `dataferry library add`, or Add your own data in the library.",
        )
    try:
        return sources[ref.source]
    except KeyError:
        raise InvalidInput(f"{ref.label} is not among the sources of this server.") from None
