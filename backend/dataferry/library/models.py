"""The library's tables."""

import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    String,
    UniqueConstraint,
    event,
    false,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapper
from sqlmodel import Field, SQLModel

from dataferry.core.db import Utc, now

#: Ordered by code points, as SQLite and Python do, whatever a database's own collation.
_ByCodePoint = String().with_variant(String(collation="C"), "postgresql")

#: What decides whether a person sees a dataset.
_SEEN = ("source", "status", "visibility", "downloaded", "selection", "id")


def searchable(text: str) -> str:
    """A text in the form in which it is searched: without regard to case and to how its characters are
    composed. A database's own ``lower`` need not know other letters than ASCII's."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\0", "")


def dataset_search_text(*, title: str, source: str, source_id: str, name: str) -> str:
    """All that a dataset is found by in the library, in one text."""
    return searchable(f"{title} {source}:{source_id} {name}")


def _inserted_search_text(context: DefaultExecutionContext) -> str:
    given = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return dataset_search_text(**{key: given[key] for key in ("title", "source", "source_id", "name")})


class Dataset(SQLModel, table=True):
    """One revision of a dataset, all of its files or a selection, as this machine knows it.

    ``revision`` is empty until a job has resolved it. While a job is active its row alone has the
    live state; ``status``, ``error`` and ``download_progress`` here are what the last one left.
    """

    __tablename__ = "datasets"
    __table_args__ = (
        UniqueConstraint("source", "source_id", "revision", "selection"),
        # A search in the order of change looks at no row that has not its words.
        Index("idx_datasets_updated_at_ms", "updated_at_ms", "search_text"),
        Index("idx_datasets_downloaded_at_ms", "downloaded_at_ms"),
        Index("idx_datasets_source_updated_at_ms", "source", "updated_at_ms"),
        # Few are restricted: those whose access must be checked again are found among them.
        Index("idx_datasets_visibility", "visibility", "downloaded"),
        # All that the number of a person's datasets depends on: it is counted without reading the rows.
        Index("idx_datasets_seen", *_SEEN),
        Index("idx_datasets_search", "search_text", *_SEEN),
        # The lists by name and by size have indexes of expressions (migration 0015), which Alembic cannot
        # compare on SQLite; see ``library.listing``.
    )

    id: str = Field(primary_key=True)
    source: str
    source_id: str
    revision: str = ""
    #: Digest of the chosen files' names; empty for all of them.
    selection: str = ""
    #: ``public``, or ``restricted`` to those whose own access was checked.
    visibility: str = "public"
    title: str = ""
    license: str | None = None
    file_count: int | None = None
    grade: str | None = None
    #: The full URL of a ``url`` dataset, encrypted: its query may be a secret.
    encrypted_url: str | None = None
    #: Of its files' rows: the generation that readers see, and the newest that was begun.
    generation: int = 0
    newest_generation: int = 0

    name: str = Field(index=True)
    #: Kept by this module: see ``dataset_search_text``.
    search_text: str | None = Field(
        default=None, sa_column=Column(String, nullable=False, default=_inserted_search_text)
    )
    description: str = ""
    original_url: str = ""
    local_path: str | None = None
    updated_at_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    downloaded_at_ms: int | None = Field(default=None, sa_column=Column(BigInteger))
    #: When somebody last looked into it here, or asked for it again; programs that read its folder leave no
    #: trace.
    last_used_ms: int | None = Field(default=None, sa_column=Column(BigInteger))
    size: int | None = Field(default=None, sa_column=Column(BigInteger))
    checksum: str | None = None
    status: str = "absent"
    error: str | None = None
    #: What the last check of its files found wrong: ``damaged``, or ``unsure`` until they are verified.
    condition: str | None = None
    #: When every byte was last compared with its checksum, after its download.
    verified_at_ms: int | None = Field(default=None, sa_column=Column(BigInteger))
    #: The newest revision when its source was last asked, and when; and the one that nobody wants to hear of.
    upstream_revision: str | None = None
    upstream_asked_ms: int | None = Field(default=None, sa_column=Column(BigInteger))
    declined_revision: str | None = None
    download_progress: float = 0.0
    downloaded: bool = False
    download_job_id: str | None = None
    #: Whether versions of the dataset are kept here, in whichever revisions.
    versioned: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))

    @property
    def idle_status(self) -> str:
        """Its status while nobody has it or asks for it."""
        return "registered" if self.source == "builtin" and not self.selection else "absent"


@event.listens_for(Dataset, "before_update")
def _update_search_text(_mapper: Mapper[Dataset], _connection: Connection, row: Dataset) -> None:
    row.search_text = dataset_search_text(
        title=row.title, source=row.source, source_id=row.source_id, name=row.name
    )


class DatasetFile(SQLModel, table=True):
    """A file of a dataset, in one generation of its rows; see ``library.recording``."""

    __tablename__ = "dataset_files"
    __table_args__ = (
        # Both columns, so that bytes are counted from the index alone.
        Index("idx_dataset_files_sha256_size", "sha256", "size"),
        Index("idx_dataset_files_published_hash", "published_hash"),
    )

    dataset_id: str = Field(foreign_key="datasets.id", primary_key=True)
    generation: int = Field(default=0, primary_key=True)
    path: str = Field(primary_key=True, sa_type=_ByCodePoint)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str
    grade: str
    #: ``algorithm:value`` of a hash other than SHA-256 that its source publishes of its content.
    published_hash: str | None = None
    #: Of the file as it was when its bytes were last verified, in nanoseconds since the epoch; and its inode.
    mtime_ns: int | None = Field(default=None, sa_column=Column(BigInteger))
    inode: int | None = Field(default=None, sa_column=Column(BigInteger))


class DatasetCheck(SQLModel, table=True):
    """What the last check of a dataset's files found, where it is worth telling; see ``library.checks``."""

    __tablename__ = "dataset_checks"

    dataset_id: str = Field(foreign_key="datasets.id", primary_key=True)
    #: A ``CheckReport``.
    report: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class ViewFolder(SQLModel, table=True):
    """A folder inside the store that a person wants hardlinks to a dataset's files in (``download_path``)."""

    __tablename__ = "dataset_views"

    dataset_id: str = Field(foreign_key="datasets.id", primary_key=True)
    user_id: str = Field(primary_key=True)
    path: str = Field(primary_key=True)


class DatasetAccess(SQLModel, table=True):
    """That a person knows of a dataset, and when their access to it was last checked. ``owner``: they asked
    for its files, and have not deleted them since."""

    __tablename__ = "dataset_access"

    dataset_id: str = Field(foreign_key="datasets.id", primary_key=True)
    user_id: str = Field(primary_key=True, index=True)
    checked_at: datetime = Field(default_factory=now, sa_type=Utc)
    owner: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class DatasetPin(SQLModel, table=True):
    """That a person wants a dataset kept: what clean-ups take leaves it out while anybody does."""

    __tablename__ = "dataset_pins"

    dataset_id: str = Field(foreign_key="datasets.id", primary_key=True)
    user_id: str = Field(primary_key=True)
    pinned_at: datetime = Field(default_factory=now, sa_type=Utc)


class DatasetShare(SQLModel, table=True):
    """That a person may see a restricted dataset, or everybody (``*``), as one of its owners or an admin has
    said. It goes with the files, and with the right of whoever shared it."""

    __tablename__ = "dataset_shares"

    dataset_id: str = Field(foreign_key="datasets.id", primary_key=True)
    user_id: str = Field(primary_key=True, index=True)
    shared_by: str
    shared_at: datetime = Field(default_factory=now, sa_type=Utc)


class HistoryEntry(SQLModel, table=True):
    """What became of a person's download or deletion. ``dataset_id`` is no SQL foreign key: it outlives the
    dataset, and ends with the account."""

    __tablename__ = "download_history"
    __table_args__ = (Index("idx_download_history_user_id_at", "user_id", "at"),)

    job_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    at: datetime = Field(default_factory=now, sa_type=Utc)
    #: ``download``, ``update``, ``delete``, or ``cleanup`` for what the automatic clean-up removed.
    kind: str
    #: ``succeeded`` or ``failed``.
    state: str
    dataset_id: str
    ref: str
    source: str
    title: str
    revision: str | None = None
    license: str | None = None
    file_count: int | None = None
    size: int | None = Field(default=None, sa_column=Column(BigInteger))


class CleanupRun(SQLModel, table=True):
    """When the automatic clean-up ran last: one row, which whoever runs it next claims."""

    __tablename__ = "cleanup_runs"

    id: int = Field(default=1, primary_key=True)
    ran_at: datetime = Field(default_factory=now, sa_type=Utc)


class ServerSpeedLimits(SQLModel, table=True):
    """How fast this server may download, where an admin has set it: one row, before the settings."""

    __tablename__ = "speed_limits"

    id: int = Field(default=1, primary_key=True)
    bytes_per_s: int | None = Field(default=None, sa_column=Column(BigInteger))
    #: ``22:00-06:00``, in the server's local time.
    night: str | None = None
    night_bytes_per_s: int | None = Field(default=None, sa_column=Column(BigInteger))


class JobSpeedLimit(SQLModel, table=True):
    """How fast one job may download, as one of its requesters has set it; None: as fast as it can. Of several
    the last that was set counts. It goes when they leave the job."""

    __tablename__ = "job_speed_limits"

    job_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    bytes_per_s: int | None = Field(default=None, sa_column=Column(BigInteger))
    set_at: datetime = Field(default_factory=now, sa_type=Utc)


class DiskReservation(SQLModel, table=True):
    """The room on the disk that a download's job may take: ``peak_bytes`` of its working folder at most. It
    counts while the job is active and not paused."""

    __tablename__ = "disk_reservations"

    job_id: str = Field(primary_key=True)
    dataset_id: str
    peak_bytes: int = Field(sa_column=Column(BigInteger, nullable=False))


class Alias(SQLModel, table=True):
    """A short name that stands for a ref, e.g. ``imdb`` for ``huggingface:stanfordnlp/imdb``."""

    __tablename__ = "aliases"

    name: str = Field(primary_key=True)
    ref: str
