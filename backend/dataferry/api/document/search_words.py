"""The words of ``vocabulary`` about filters, and about the search index."""

from dataferry.api.document.word import Word

_TIME, _JOB = "2026-05-04T09:30:00Z", "job_1f0c9d2e7a5b4c3d8e6f"

SEARCH_WORDS: dict[str, Word] = {
    "SearchFilters.commercial": Word("Only what a known licence allows to use commercially.", True),
    "SearchFilters.language": Word("A language of the data, by its code or name.", "de"),
    "SearchFilters.modality": Word("A kind of content.", "image"),
    "SearchFilters.updated_after": Word("Changed on this day or later.", "2025-01-01"),
    "FilteredOut.filter": Word("The filter.", "license"),
    "FilteredOut.count": Word("How many it leaves out.", 12),
    "nothing_about": Word("What none of the datasets is about; null where one is.", "axolotls"),
    "download_bytes": Word("Bytes to fetch.", 342_000_000),
    "peak_bytes": Word("Bytes of the disk.", 984_000_000),
    "job_mine": Word("The job is yours.", True),
    "snapshot": Word("The dataset.", "huggingface:cfahlgren1/hub-stats"),
    "attribution": Word("Whose work the snapshot is.", "HuggingFace's catalogue: hub-stats."),
    "IndexSourceView.url": Word(
        "The snapshot's page.", "https://huggingface.co/datasets/cfahlgren1/hub-stats"
    ),
    "IndexSourceView.datasets": Word("How many datasets it has.", 812_345),
    "IndexView.datasets": Word("How many datasets it has.", 1_204_567),
    "IndexView.sources": Word("Each hub's part.", None),
    "IndexView.problem": Word("Why it cannot be used; null where it can.", "Its manifest is damaged."),
    "IndexView.state": Word("Whether it is searched.", "ready"),
    "built_at": Word("When it was built.", _TIME),
    "snapshot_at": Word("How fresh it is.", _TIME),
    "checked_at": Word("When the hubs were last asked.", _TIME),
    "update_h": Word("Hours.", 168.0),
    "rows_done": Word("Rows that were read of a hub's catalogue; null for other jobs.", 250_000),
    "costs": Word("Ask the hubs for sizes and licences.", True),
    "BrowserAccess.address": Word(
        "What the addresses of the dataset's files begin with.", "/api/datasets/kaggle:uciml~iris/"
    ),
    "CompareOutput.comparison": Word("The datasets side by side.", None),
    "PreviewOutput.preview": Word("The first rows of one of its tables: untrusted.", None),
    "index_snapshot_at": Word("How fresh the search index is.", _TIME),
}
