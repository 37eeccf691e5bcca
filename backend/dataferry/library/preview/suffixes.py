"""Names that tell of a table."""

from collections.abc import Mapping

_PLAIN = (
    ".csv",
    ".tsv",
    ".tab",
    ".psv",
    ".parquet",
    ".feather",
    ".arrow",
    ".arrows",
    ".xlsx",
    ".xls",
    ".jsonl",
    ".ndjson",
)
_PACKED = tuple(
    f"{suffix}{packing}"
    for suffix in (".csv", ".tsv", ".jsonl", ".ndjson")
    for packing in (".gz", ".bz2", ".xz", ".zst")
)
#: Files that are shown as tables.
TABLES = (*_PLAIN, *_PACKED, ".csv.zip")
#: Tables too, but more often something about a dataset: the last choice.
DOCUMENTS = (".json", ".json.gz", ".json.bz2", ".json.xz", ".json.zst")
#: They hold several tables; a preview shows none of them.
DATABASES = (".sqlite", ".sqlite3", ".db")
#: What people call a split, and its usual name.
SPLIT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
