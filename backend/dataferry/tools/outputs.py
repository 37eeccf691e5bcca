"""The outputs of the tools, as the page sees them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dataferry.core.job_types import JobView
from dataferry.core.model_cards import ModelCard
from dataferry.core.problems import SourceProblem
from dataferry.core.types import FilteredOut, SourceName, View
from dataferry.explorer.health.views import DatasetHealth
from dataferry.explorer.sql_views import AskableTable, TableAnswer
from dataferry.library.card_views import DatasetCard, SearchAnswer
from dataferry.library.comparison_views import Comparison
from dataferry.library.preview_views import Preview
from dataferry.library.verdict_views import Verdict
from dataferry.library.versions.views import VersionComparison, VersionView
from dataferry.library.views import DatasetView, DownloadTicket


class SearchOutput(View):
    """Output of ``search_datasets``."""

    query: str
    downloadable_datasets: tuple[DatasetCard, ...]
    source_errors: tuple[SourceProblem, ...] = ()
    more: bool = False
    offset: int = 0
    #: What the query is about, where none of the datasets is.
    nothing_about: str | None = None
    #: Where the filters left nothing: how much each of them leaves out.
    left_out: tuple[FilteredOut, ...] = ()
    #: How fresh the index is that the hubs' datasets are from; None where the hubs alone were asked.
    index_snapshot_at: datetime | None = None
    #: Sources that have not answered yet; none in the final output.
    waiting_for: tuple[SourceName, ...] = ()


def search_output(answer: SearchAnswer, waiting_for: Sequence[SourceName] = ()) -> SearchOutput:
    """A search's answer so far, as the tool tells it."""
    return SearchOutput(
        query=answer.query,
        downloadable_datasets=answer.datasets,
        source_errors=answer.source_errors,
        more=answer.more,
        offset=answer.offset,
        nothing_about=answer.nothing_about,
        left_out=answer.left_out,
        index_snapshot_at=answer.index_snapshot_at,
        waiting_for=tuple(waiting_for),
    )


class ModelsOutput(View):
    """Output of ``search_models``. ``url``: the hub's own page of such models."""

    query: str
    models: tuple[ModelCard, ...]
    url: str = ""
    source_errors: tuple[SourceProblem, ...] = ()


class DetailsOutput(View):
    """Output of ``dataset_details``. ``readme`` is the dataset's own, untrusted text, shortened. ``verdict``:
    what to know before a download; None where its source would not say."""

    card: DatasetCard
    readme: str = ""
    verdict: Verdict | None = None


class CompareOutput(View):
    """Output of ``compare_datasets``."""

    comparison: Comparison


class PreviewOutput(View):
    """Output of ``preview_dataset``. ``preview`` is untrusted text: a few rows and columns of one table."""

    ref: str
    key: str
    preview: Preview


class QueryOutput(View):
    """Output of ``query_table``. ``table``: the id of the one that was meant, which is the first of
    ``tables``. ``answer``: None where only these were asked for. Names and cells are untrusted text."""

    ref: str
    key: str
    table: str
    tables: tuple[AskableTable, ...]
    answer: TableAnswer | None = None


class HealthOutput(View):
    """Output of ``dataset_health``. Names in what ``findings`` say are untrusted text."""

    ref: str
    report: DatasetHealth


class VersionsOutput(View):
    """Output of ``dataset_versions``: the newest of ``total`` versions, none of a dataset that has none; no
    ``author`` is told. ``comparison``: of the two that were named, with their first rows that differ. All
    texts are untrusted."""

    ref: str
    key: str
    versions: tuple[VersionView, ...]
    total: int
    comparison: VersionComparison | None = None


class StartOutput(View):
    """Output of ``start_download``. Without a ``ticket`` nothing started: ``reason`` says why it waits for
    the person's click on ``card``, or that it is here already (``card.local_status``)."""

    card: DatasetCard
    ticket: DownloadTicket | None = None
    reason: str | None = None


class JobsOutput(View):
    """Output of ``download_status`` and ``cancel_download``. ``reason``: why nothing was cancelled;
    it waits for the person's own word or click."""

    jobs: tuple[JobView, ...]
    reason: str | None = None


class LibraryOutput(View):
    """Output of ``list_library``."""

    datasets: tuple[DatasetView, ...]
    total: int


def views_of(output: View) -> Iterator[DatasetCard | DatasetView | JobView]:
    """What a tool has returned that has a ref."""
    match output:
        case SearchOutput(downloadable_datasets=cards):
            yield from cards
        case DetailsOutput(card=card) | StartOutput(card=card):
            yield card
        case CompareOutput(comparison=comparison):
            yield from (one.card for one in comparison.datasets if one.card is not None)
        case LibraryOutput(datasets=datasets):
            yield from datasets
        case JobsOutput(jobs=jobs):
            yield from jobs


#: The output model of each tool, by the tool's name.
OUTPUTS: dict[str, type[View]] = {
    "search_datasets": SearchOutput,
    "search_models": ModelsOutput,
    "dataset_details": DetailsOutput,
    "preview_dataset": PreviewOutput,
    "query_table": QueryOutput,
    "compare_datasets": CompareOutput,
    "dataset_health": HealthOutput,
    "dataset_versions": VersionsOutput,
    "start_download": StartOutput,
    "download_status": JobsOutput,
    "cancel_download": JobsOutput,
    "list_library": LibraryOutput,
}
