"""The views of a dataset, from what its source told and from what is here."""

import pytest

from dataferry.cli.library import file_count
from dataferry.library.cards import dataset_view
from dataferry.library.models import Dataset


@pytest.mark.parametrize(
    ("source", "files", "downloaded", "printed"),
    [
        ("huggingface", 100_000, False, "more than 100,000"),
        ("huggingface", 100_000, True, "100,000"),
        ("huggingface", 3_663, False, "3,663"),
        ("kaggle", 100_000, False, "100,000"),
        ("huggingface", None, False, "–"),
    ],
)
def test_a_count_that_the_source_broke_off(
    source: str, files: int | None, downloaded: bool, printed: str
) -> None:
    """facts/wire.md, 1.5. What has arrived was counted here."""
    row = Dataset(
        id="ds_1", source=source, source_id="acme/giant", revision="1", name="x", title="x", updated_at_ms=1
    )
    row.file_count, row.status = files, "downloaded" if downloaded else "registered"
    row.local_path = "/there" if downloaded else None
    row.downloaded = downloaded
    view = dataset_view(row, None)
    assert view.more_files == printed.startswith("more")
    assert file_count(view.model_dump()) == printed
