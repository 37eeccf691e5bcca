"""What a search offers, as cards."""

from datetime import datetime
from typing import Literal

from pydantic import computed_field

from dataferry.core.job_types import JobState
from dataferry.core.problems import SourceProblem
from dataferry.core.types import FilteredOut, SourceLabel, View
from dataferry.core.vocabulary import AboutDataset
from dataferry.library.licence_views import LicenceSummary, licence_summary

LocalStatus = Literal["absent", "downloaded"] | JobState


class OfferedDataset(AboutDataset):
    """What a card tells of one place that a dataset can be had from.

    ``id`` can be sent back as ``dataset_id`` to ``download_endpoint`` unchanged: the plain id for
    Kaggle and HuggingFace, the full ref elsewhere. ``source`` can be sent back wherever a source is taken.
    """

    id: str
    title: str
    source: SourceLabel
    url: str
    downloads: int
    download_endpoint: str
    description: str = ""
    size_bytes: int | None = None
    file_count: int | None = None
    #: There are more files than ``file_count``: the source stopped counting there.
    more_files: bool = False
    #: Of its one table, or of all its splits together; ``row_range`` where the source tells no more.
    row_count: int | None = None
    column_count: int | None = None
    row_range: str | None = None
    license: str | None = None
    #: Where the publisher says more of the licence.
    license_link: str | None = None
    gated: bool = False
    #: Its source shows it to those alone whom its owner has let in.
    private: bool = False
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    #: ``absent``, ``downloaded``, or the state of its latest job of this viewer.
    local_status: LocalStatus = "absent"
    job_id: str | None = None
    file_path: str | None = None
    why: str | None = None
    #: The id of its row in the library, where it has one.
    dataset_id: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def licence(self) -> LicenceSummary:
        """What ``license`` allows, in a line."""
        return licence_summary(self.license, self.license_link or self.url or None)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def library_id(self) -> str | None:
        """The id of its row in the library, where it has one."""
        return self.dataset_id

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> LocalStatus:
        """``local_status``."""
        return self.local_status

    @computed_field  # type: ignore[prop-decorator]
    @property
    def path(self) -> str | None:
        """The folder that its files are in, where they are here."""
        return self.file_path


class CardCopy(OfferedDataset):
    """The same data as a card's elsewhere: at the other hub, or uploaded again."""

    #: What tells that it is the same, in a few words.
    why_same: str


class DatasetCard(OfferedDataset):
    """A dataset offered in an answer; built from tool results only, never from model text."""

    #: Where else the same data can be had, as far as it was found.
    copies: tuple[CardCopy, ...] = ()


class SearchAnswer(View):
    """One merged ranking; what failed is in ``source_errors``, each with its next step."""

    query: str
    datasets: tuple[DatasetCard, ...]
    source_errors: tuple[SourceProblem, ...] = ()
    #: There is a further page at ``offset + len(datasets)``.
    more: bool = False
    offset: int = 0
    #: What the query is about, as it was typed, where none of the datasets that were found is.
    nothing_about: str | None = None
    #: Where the filters left nothing: how much each of them leaves out.
    left_out: tuple[FilteredOut, ...] = ()
    #: The ``cursor`` of that page; None where there is none.
    next: str | None = None
    #: How fresh the index is that the hubs' datasets are from; None where the hubs alone were asked.
    index_snapshot_at: datetime | None = None
