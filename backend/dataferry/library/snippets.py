"""Code that loads a dataset into the library that a person works with, ready to paste.

That for Python loads with ``dataferry.load``, which reads what the dataset's page shows, on any machine.
``tests/api/test_snippets.py`` runs that for pandas, polars, Arrow and DuckDB; torch, datasets and R are not
installed there.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.types import Viewer
from dataferry.library import file_rows, rows
from dataferry.library.access import Access
from dataferry.library.models import Dataset
from dataferry.library.preview.suffixes import DATABASES, DOCUMENTS, TABLES
from dataferry.library.preview.thumbnails import SUFFIXES as PICTURES
from dataferry.library.snippet_views import LoaderName, Snippet, Snippets
from dataferry.library.table_names import image_tables, named_tables
from dataferry.plugins import DatasetPlugin, Plugins, TextPlugin

#: With more tables or pictures than this their names are left to ``list(dataset)``.
_MAX_FILES = 2_000
#: Names of tables that a comment lists.
_LISTED = 6
_METHODS: tuple[tuple[LoaderName, str, str, str | None], ...] = (
    ("pandas", "pandas", "to_pandas", None),
    ("polars", "polars", "to_polars", "pip install polars"),
    ("arrow", "Arrow", "to_arrow", "pip install pyarrow"),
    ("torch", "PyTorch", "to_torch", "pip install torch"),
)
#: How R reads a file, by its suffix.
_IN_R = {
    ".csv": ("table <- read.csv({path})", None),
    ".tsv": ("table <- read.delim({path})", None),
    ".parquet": ("table <- arrow::read_parquet({path})", 'install.packages("arrow")'),
    ".feather": ("table <- arrow::read_feather({path})", 'install.packages("arrow")'),
    ".jsonl": ("table <- jsonlite::stream_in(file({path}))", 'install.packages("jsonlite")'),
    ".ndjson": ("table <- jsonlite::stream_in(file({path}))", 'install.packages("jsonlite")'),
    ".json": ("table <- jsonlite::fromJSON({path})", 'install.packages("jsonlite")'),
    ".xlsx": ("table <- readxl::read_excel({path})", 'install.packages("readxl")'),
}


@dataclass(frozen=True, slots=True)
class _Known:
    """``names``: of its tables, None where they are not known; ``first``: the file of the first one."""

    names: Sequence[str] | None
    first: str | None
    images: bool = False


class SnippetWriter:
    """What the viewer may not see answers ``NotFound``."""

    def __init__(self, database: Database, plugins: Plugins, access: Access) -> None:
        self._database = database
        self._plugins = plugins
        self._access = access

    async def get(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Snippets:
        """The code for a dataset that is here; it names ``revision`` where one is asked for.

        Errors: ``NotFound`` until it is here.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[Dataset, _Known | None]:
            row = rows.downloaded(session, viewer, key_or_alias, revision)
            return row, _known(session, row)

        row, known = await self._database.run_read(read)
        plugin = self._plugins.get(row.source_id) if row.source == "builtin" else None
        if isinstance(plugin, DatasetPlugin) and not isinstance(plugin, TextPlugin):
            return Snippets(snippets=tuple(of_plugin(plugin)))
        if known is None:
            return Snippets(snippets=())
        ref = str(rows.ref_of(row))
        return Snippets(snippets=tuple(_of_tables(ref, revision, known, row.local_path or "")))


def _known(session: Session, row: Dataset) -> _Known | None:
    """What its tables are called, or those of its images; None where it has neither."""
    for suffixes in (TABLES, DOCUMENTS, PICTURES, DATABASES):
        images = suffixes is PICTURES
        if images and file_rows.tables(session, row.id, DATABASES, limit=1):
            continue  # as ``dataferry.load`` has it
        paths = file_rows.tables(session, row.id, suffixes, limit=_MAX_FILES + 1)
        if not paths:
            continue
        if suffixes is DATABASES or (len(paths) > _MAX_FILES and not images):
            return _Known(None, None)
        if images:
            some = list(image_tables(paths)) if len(paths) <= _MAX_FILES else None
            return _Known(some, None, images=True)
        tables = named_tables(paths)
        return _Known([table.name for table in tables], tables[0].paths[0])
    return None


def _of_tables(ref: str, revision: str | None, known: _Known, tree: str) -> Iterator[Snippet]:
    named = f", revision={_quoted(revision)}" if revision else ""
    load = f"dataferry.load({_quoted(ref)}{named})"
    for loader, label, method, install in _METHODS:
        result = "samples" if loader == "torch" else "table"
        yield Snippet(loader=loader, label=label, code=_code(load, known, result, method), install=install)
    yield Snippet(
        loader="datasets",
        label="datasets",
        code=f"import dataferry\n\ndataset = {load}.to_hf()",
        install="pip install datasets",
    )
    if not known.images:
        yield Snippet(loader="duckdb", label="DuckDB", code=_in_duckdb(load, known))
        yield from _in_r(known.first, tree)


def _code(load: str, known: _Known, result: str, method: str) -> str:
    if known.names is not None and len(known.names) == 1:
        return f"import dataferry\n\n{result} = {load}.{method}()"
    told = "" if known.names is None else f"  # {', '.join(known.names[:_LISTED])}"
    more = ", …" if known.names is not None and len(known.names) > _LISTED else ""
    name = "next(iter(dataset))" if known.names is None else _quoted(known.names[0])
    return f"import dataferry\n\ndataset = {load}{told}{more}\n{result} = dataset[{name}].{method}()"


def _in_duckdb(load: str, known: _Known) -> str:
    if known.names is None:
        query = "SHOW TABLES"
    else:
        table = known.names[0].replace('"', '""')
        query = f'SELECT * FROM "{table}" LIMIT 10'  # noqa: S608 - code that a person runs
    asked = f"connection.sql({_quoted(query)}).fetchall()"
    return f"import dataferry\n\nconnection = {load}.to_duckdb()\nrows = {asked}"


def _in_r(path: str | None, tree: str) -> Iterator[Snippet]:
    """By the file's suffix: separators and encodings that are unusual are to be told to R."""
    known = _IN_R.get(PurePosixPath(path).suffix.lower()) if path else None
    if path is not None and known is not None:
        code, install = known
        place = code.format(path=_quoted(f"{tree}/{path}"))
        yield Snippet(loader="r", label="R", code=place, install=install, server=True)


def of_plugin(plugin: DatasetPlugin) -> Iterator[Snippet]:
    """For the images of a built-in dataset, which its plugin reads."""
    split = next(
        (name for name in ("train", "val", "test") if getattr(plugin, f"{name}_size", 0)),
        "train",
    )
    get = (
        "from dataferry.plugins.loader import get_dataset_plugin\n\n"
        f"plugin = get_dataset_plugin({_quoted(plugin.name)})\n"
    )
    target = "boxes" if plugin.task_type == "detection" else "label"
    yield Snippet(
        loader="pillow",
        label="Pillow",
        code=f"{get}samples = plugin.load_{split}()\nimage, {target} = samples[0]",
        server=True,
    )
    to_tensor = "lambda image: torch.from_numpy(np.array(image))"
    training = f"plugin.load_{split}({to_tensor})"
    if plugin.task_type == "detection":
        training = f"plugin.wrap_for_training({training})"
    yield Snippet(
        loader="torch",
        label="PyTorch",
        code=f"import numpy as np\nimport torch\n{get}samples = {training}\nimage, target = samples[0]",
        install="pip install torch",
        server=True,
    )


def _quoted(text: str) -> str:
    """A literal of Python and R."""
    return json.dumps(text, ensure_ascii=False)
