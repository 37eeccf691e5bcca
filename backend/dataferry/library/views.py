"""What the library returns."""

from datetime import datetime
from typing import Literal

from pydantic import computed_field

from dataferry.core.job_types import JobState
from dataferry.core.problems import ProblemView
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import (
    Grade,
    SourceLabel,
    SourceName,
    View,
)
from dataferry.core.vocabulary import AboutDataset, time_of
from dataferry.library.card_views import LocalStatus
from dataferry.library.check_views import Condition
from dataferry.library.verdict_views import Verdict


class DiskSpace(View):
    """What a download needs of the disk, in bytes. ``needed_bytes``: what it has not taken yet, None where
    that is not known before its files are listed. ``peak_bytes``: with what archives take beside that while
    they are unpacked; None where only the download's job will know."""

    needed_bytes: int | None
    free_bytes: int
    peak_bytes: int | None = None

    @property
    def summary(self) -> str | None:
        """``needs 4.1 GB, 51 GB free``; None where nothing more is needed, or the size is not known."""
        if not self.needed_bytes:
            return None
        return f"needs {readable_bytes(self.needed_bytes)}, {readable_bytes(self.free_bytes)} free"


class DownloadTicket(AboutDataset):
    """The answer to a request for a download. ``success`` says that it was accepted, or, once
    ``status`` is ``succeeded``, done. ``dataset_id`` is what was asked for, as it was written."""

    success: bool
    dataset_id: str
    source: SourceLabel
    message: str
    file_path: str
    job_id: str
    status: JobState
    problem: ProblemView | None = None
    #: As it was when the download was asked for.
    disk_space: DiskSpace | None = None
    #: The id of the dataset's row in the library.
    library_id: str
    #: What is to be fetched; None while that is not known.
    size_bytes: int | None = None
    #: The source that the request named, where its ref names another one: that one was asked.
    requested_source: SourceLabel | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> JobState:
        """``status``: its job's state."""
        return self.status

    @computed_field  # type: ignore[prop-decorator]
    @property
    def path(self) -> str | None:
        """The folder that its files are in, or are to be in."""
        return self.file_path or None


class DatasetFileView(View):
    """A file of a dataset that is here."""

    path: str
    size: int
    sha256: str
    grade: Grade

    @computed_field  # type: ignore[prop-decorator]
    @property
    def size_bytes(self) -> int:
        """``size``."""
        return self.size


class FilePage(View):
    """Some of a dataset's files, by path. ``next``: the cursor of the page behind it; None at the end.
    ``total``: of all its files."""

    files: tuple[DatasetFileView, ...]
    next: str | None = None
    total: int | None = None


class PlannedFile(View):
    """A file that a download would bring. ``size_bytes``: None where the source does not tell. ``grade``:
    whose word its checksum will be. ``here``: its bytes are on this machine already."""

    path: str
    size_bytes: int | None
    grade: Grade
    here: bool


class DownloadPlan(AboutDataset):
    """What a download would bring, and what of it is here already; nothing is started.

    ``file_count``, ``total_bytes`` and ``here_bytes`` are of all files that are wanted, ``files`` are some of
    them, by path; ``next``: the ``cursor`` of the following page. ``total_bytes`` is None where a size is not
    known. ``fetch_bytes``: what comes over the line, None where that is not known; where the files come in an
    archive it is all of that. ``origin``: ``library`` where the source cannot be asked, or lists no
    files, as a plugin that fetches them itself, and the files are those that are here.
    """

    source: SourceName
    revision: str
    origin: Literal["source", "library"] = "source"
    file_count: int
    #: The source has more files than are listed.
    more_files: bool = False
    total_bytes: int | None
    here_count: int
    here_bytes: int
    fetch_bytes: int | None
    #: The files come in an archive, which is fetched as a whole.
    archive: bool = False
    disk_space: DiskSpace
    #: It would fit on the disk, as far as the sizes are known.
    fits: bool = True
    #: What to know before; with the first page, and where the dataset can be described.
    verdict: Verdict | None = None
    files: tuple[PlannedFile, ...]
    next: str | None = None


#: ``registered``: known, and not here; ``damaged``: here, and files of it are missing or changed.
LibraryStatus = LocalStatus | Literal["registered", "damaged"]


class DatasetView(AboutDataset):
    """A row of the library. ``*_ms`` milliseconds since the epoch, ``size`` bytes,
    ``download_progress`` 0–100."""

    id: str
    name: str
    title: str
    description: str
    source: SourceName
    source_type: SourceName
    source_url: str
    original_url: str
    revision: str | None
    local_path: str | None
    license: str | None
    updated_at_ms: int
    downloaded_at_ms: int | None
    size: int | None
    file_count: int | None
    #: There are more files than ``file_count``, as far as its source has told.
    more_files: bool = False
    checksum: str | None
    #: Who vouches for the checksums: the weakest grade of its files.
    grade: Grade | None = None
    status: LibraryStatus
    error: str | None
    #: Of the files that are here, as the last check found them; None where none are.
    condition: Condition | None = None
    #: When every byte was last compared with its checksum, after its download.
    verified_at_ms: int | None = None
    download_progress: float
    downloaded: bool
    download_job_id: str | None
    #: When somebody last looked into it here, read its files through this server, or asked for it; programs
    #: that read its folder are not seen.
    last_used_ms: int | None = None
    #: Somebody wants it kept: clean-ups leave it.
    pinned: bool = False
    #: You do.
    pinned_by_me: bool = False
    #: ``restricted`` to those whose own access at its source was checked, and those it is shared with.
    visibility: Literal["public", "restricted"] = "public"
    #: Somebody shares it with others.
    shared: bool = False
    may_share: bool = False
    #: Chosen files of the dataset, not all of them. Such a row is named by its ``id``.
    selected: bool = False
    #: What this viewer may do with it now.
    may_delete: bool = False
    may_retry: bool = False
    may_update: bool = False
    #: Its source had a newer revision when it was last asked, which nobody has declined.
    outdated: bool = False
    may_verify: bool = False
    may_repair: bool = False
    #: Code that loads it, ready to paste.
    snippet: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def dataset_id(self) -> str:
        """``id``."""
        return self.id

    @computed_field  # type: ignore[prop-decorator]
    @property
    def library_id(self) -> str:
        """``id``."""
        return self.id

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> LibraryStatus:
        """``status``."""
        return self.status

    @computed_field  # type: ignore[prop-decorator]
    @property
    def path(self) -> str | None:
        """``local_path``: the folder that its files are in."""
        return self.local_path

    @computed_field  # type: ignore[prop-decorator]
    @property
    def size_bytes(self) -> int | None:
        """``size``."""
        return self.size

    @computed_field  # type: ignore[prop-decorator]
    @property
    def updated_at(self) -> datetime:
        """``updated_at_ms`` as a UTC time."""
        return time_of(self.updated_at_ms)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def downloaded_at(self) -> datetime | None:
        """``downloaded_at_ms`` as a UTC time."""
        return time_of(self.downloaded_at_ms)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verified_at(self) -> datetime | None:
        """``verified_at_ms`` as a UTC time."""
        return time_of(self.verified_at_ms)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def last_used_at(self) -> datetime | None:
        """``last_used_ms`` as a UTC time."""
        return time_of(self.last_used_ms)


class DatasetPage(View):
    """A page of the library. ``page_number``: None where a cursor led to it. ``next``: the cursor of the page
    behind it; None at the end."""

    datasets: tuple[DatasetView, ...]
    page_number: int | None
    page_size: int
    total: int
    next: str | None = None


class Receipt(AboutDataset):
    """What arrived, from where, who vouches for its checksums, when, and who asked for it."""

    dataset_id: str
    revision: str
    source: SourceName
    title: str
    license: str | None
    original_url: str
    local_path: str
    size: int
    file_count: int
    #: SHA-256 over the sorted lines ``<sha256>  <path>``.
    checksum: str
    grade: Grade
    downloaded_at: datetime
    requested_by: tuple[str, ...]
    files: tuple[DatasetFileView, ...]
    #: What happened on the way that a person should know, such as what an archive held and is not here.
    note: str | None = None
    #: All of it in one line.
    line: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def library_id(self) -> str:
        """``dataset_id``: the id of its row in the library."""
        return self.dataset_id

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> Literal["downloaded"]:
        """Only what is here has a receipt."""
        return "downloaded"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def path(self) -> str:
        """``local_path``: the folder that its files are in."""
        return self.local_path

    @computed_field  # type: ignore[prop-decorator]
    @property
    def size_bytes(self) -> int:
        """``size``."""
        return self.size


class Deletion(View):
    """A delete that was accepted: its job, and the bytes it will free. ``stays``: others have asked for the
    dataset too, so that its files stay for them. ``folders``: those that are deleted."""

    job_id: str
    status: JobState
    freed_bytes: int
    folders: tuple[str, ...] = ()
    stays: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> JobState:
        """``status``: its job's state."""
        return self.status


class SeveralDeletion(View):
    """One of several deletes. ``job_id``: None where it has not begun, for ``problem`` or as it was only
    asked. ``stays``: others have asked for the dataset too, so that its files stay for them. ``versions``: so
    many recorded ones go with it."""

    key: str
    revision: str | None
    job_id: str | None = None
    stays: bool = False
    versions: int = 0
    problem: ProblemView | None = None


class SeveralDeletions(View):
    """``freed_bytes``: of all that can be deleted, together; files that they share count once, those that
    others share not at all. What the viewer may not see does not count as others."""

    freed_bytes: int
    results: tuple[SeveralDeletion, ...]
