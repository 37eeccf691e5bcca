"""hub-stats: one Parquet file, whose columns come and go, and change their types."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dataferry.core.errors import Unreadable
from dataferry.sources.huggingface import summary_of
from dataferry.sources.index.entries import Entry, Reading
from dataferry.sources.index.tables import connected, name_of, quoted, require, rows_of

_FILE = "datasets.parquet"
#: Columns that some snapshots have in place of tags with that prefix.
_TAG_COLUMNS = ("task_categories", "task_ids", "language", "modality", "license")


def read(files: Mapping[str, Path], scratch: Path, reading: Reading) -> Iterator[Entry]:
    """Every dataset that a search at HuggingFace could show.

    Errors: ``Unreadable`` for a file that is not the table it should be; ``DiskFull``.
    """
    path = files[_FILE]
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            raise Unreadable(
                f"{_FILE} is not a Parquet file.",
                next_step="Download the snapshot again; the index that was there stays in use.",
            )
    with connected(scratch) as connection:
        source = f"read_parquet({quoted(str(path))})"
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
        types = {str(name): str(kind) for name, kind, *_ in described}
        require(_FILE, ("id",), list(types))
        rows = rows_of(connection, f"SELECT {', '.join(_columns(types))} FROM {source}")  # noqa: S608
        for row in rows:
            reading.count()
            entry = _entry(row, reading)
            if entry is not None:
                yield entry
    if not reading.rows:
        raise Unreadable(f"{_FILE} has no rows.", next_step="Download the snapshot again.")


def _columns(types: Mapping[str, str]) -> Iterator[str]:
    """Each value that ``_entry`` takes, in SQL, whatever type its column has; null where there is none."""
    yield _text(types, "id")
    yield _text(types, "description")
    yield _title(types)
    yield _list(types, "tags")
    for name in _TAG_COLUMNS:
        yield _list(types, name)
    for name in ("downloads", "likes"):
        yield _number(types, name)
    yield f"coalesce({_number(types, 'mainSize')}, {_number(types, 'main_size')})"
    yield f"coalesce({_time(types, 'lastModified')}, {_time(types, 'createdAt')})"
    for name in ("gated", "private", "disabled"):
        yield f"lower({_text(types, name)})"


def _text(types: Mapping[str, str], name: str) -> str:
    return f"CAST({name_of(name)} AS VARCHAR)" if name in types else "NULL"


def _number(types: Mapping[str, str], name: str) -> str:
    return f"TRY_CAST({name_of(name)} AS BIGINT)" if name in types else "NULL"


def _time(types: Mapping[str, str], name: str) -> str:
    """Seconds since 1970, of a time, a text, or a number of milliseconds."""
    if types.get(name, "").endswith("INT"):
        return f"{name_of(name)} / 1000.0"
    return f"epoch(TRY_CAST({_text(types, name)} AS TIMESTAMPTZ))"


def _list(types: Mapping[str, str], name: str) -> str:
    """A list of texts, or a text that holds one."""
    if types.get(name, "").endswith("[]"):
        return f"CAST({name_of(name)} AS VARCHAR[])"
    return _text(types, name)


def _title(types: Mapping[str, str]) -> str:
    kind = types.get("cardData", "")
    if kind.startswith("STRUCT") and "pretty_name" in kind:
        return "CAST(struct_extract(\"cardData\", 'pretty_name') AS VARCHAR)"
    if kind in ("VARCHAR", "JSON"):
        return "json_extract_string(TRY_CAST(\"cardData\" AS JSON), '$.pretty_name')"
    return "NULL"


def _labels(value: Any) -> list[str]:
    if not value:
        return []
    if isinstance(value, list):
        return [str(label) for label in value if label]
    try:
        stated = json.loads(value)
    except ValueError:
        return [label.strip(" '\"") for label in value.strip("[]").split(",") if label.strip(" '\"")]
    return [str(label) for label in stated] if isinstance(stated, list) else [str(stated)]


def _entry(row: tuple[Any, ...], reading: Reading) -> Entry | None:
    dataset_id, description, title, tags, *columns = row
    stated, (downloads, likes, size, updated, gated, private, disabled) = columns[:5], columns[5:]
    if not dataset_id:
        reading.leave_out("a row without an id")
        return None
    if "true" in (private, disabled):
        reading.leave_out("a private dataset" if private == "true" else "a dataset that the hub has closed")
        return None
    labels = _labels(tags)
    for prefix, value in zip(_TAG_COLUMNS, stated, strict=True):
        labels += [f"{prefix}:{label}" for label in _labels(value)]
    dataset = SimpleNamespace(
        id=dataset_id,
        tags=list(dict.fromkeys(labels)),
        card_data=SimpleNamespace(pretty_name=title),
        description=description,
        downloads=max(downloads or 0, 0),
        likes=max(likes or 0, 0),
        main_size=size if size and size > 0 else None,
        gated=gated not in (None, "", "false", "0", "none"),
        private=False,
        last_modified=_moment(updated),
        # The commit may be an older one by the time of a download.
        sha=None,
    )
    summary = summary_of(dataset)
    if summary is None:
        reading.leave_out("a name that is no address")
        return None
    return Entry(summary)


def _moment(seconds: float | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    except (ValueError, OverflowError, OSError):
        return None
