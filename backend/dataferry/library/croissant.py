"""A dataset of the library as Croissant 1.0, the description of data that machine-learning tools read
(https://docs.mlcommons.org/croissant/docs/croissant-spec.html): its files with their checksums, and the
columns of those tables that such a tool reads without being told more."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from mimetypes import guess_type
from typing import Any
from urllib.parse import quote

from dataferry.core.errors import DataferryError, NotFound
from dataferry.core.types import Viewer
from dataferry.library.all_previews import Previews
from dataferry.library.preview_views import Preview, PreviewColumn
from dataferry.library.shelf import Shelf
from dataferry.library.views import DatasetFileView, DatasetView

#: Of more tables only the files are described.
_MAX_TABLES = 20
#: Columns of a table that are described; of a wider one only the file is.
_MAX_COLUMNS = 1_000
#: A loader that says no more than the file's name: its table is read by any tool.
_PLAIN = re.compile(
    r"\.read_(?:csv|parquet)\(\s*(['\"]).*\1,?\s*\)$"
    r"|\.read_json\(\s*(['\"]).*\2,\s*lines=True(?:,\s*dtype=False)?,?\s*\)$"
)
_TYPES = {
    "BOOLEAN": "sc:Boolean",
    "boolean": "sc:Boolean",
    "DATE": "sc:Date",
    "TIMESTAMP": "sc:DateTime",
    # Further rows of a text may have a fraction.
    "number": "sc:Float",
    "text": "sc:Text",
    "VARCHAR": "sc:Text",
    **dict.fromkeys(("FLOAT", "DOUBLE"), "sc:Float"),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), "sc:Integer"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), "sc:Integer"),
}
_MEDIA_TYPES = {
    ".parquet": "application/x-parquet",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        name: f"cr:{name}"
        for name in (
            *("citeAs", "column", "extract", "field", "fileObject", "fileProperty", "fileSet", "format"),
            *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
            *(
                "references",
                "regex",
                "repeated",
                "replace",
                "samplingRate",
                "separator",
                "source",
                "subField",
            ),
            *("transform", "equivalentProperty"),
        )
    },
}


class Croissants:
    """Descriptions of datasets. What a viewer may not see answers ``NotFound``."""

    def __init__(self, shelf: Shelf, previews: Previews) -> None:
        self._shelf = shelf
        self._previews = previews

    async def describe(
        self, viewer: Viewer, key_or_alias: str, revision: str | None = None, *, address: str | None = None
    ) -> AsyncIterator[str]:
        """The description as JSON, in pieces: there may be half a million files. ``address``: what the
        addresses of its files begin with; by default they are named by their paths, for a description that
        lies in the dataset's folder.

        Errors: ``NotFound`` until it is here, before the first piece.
        """
        row = await self._shelf.get(viewer, key_or_alias, revision)
        if not row.downloaded:
            raise NotFound(f"{row.ref} is not here yet.", next_step="Download it first.")
        tables = await self._tables(viewer, row)
        return self._pieces(viewer, row, tables, address)

    async def _pieces(
        self, viewer: Viewer, row: DatasetView, tables: list[Preview], address: str | None
    ) -> AsyncIterator[str]:
        head = json.dumps(_about(row) | {"recordSet": [_record_set(table) for table in tables]})
        yield f'{head[:-1]}, "distribution": ['
        after, begun = None, False
        while True:
            page = await self._shelf.files(viewer, row.id, after=after)
            files = [json.dumps(_file(file, address)) for file in page.files]
            yield (", " if begun and files else "") + ", ".join(files)
            after, begun = page.next, True
            if after is None:
                break
        yield "]}"

    async def _tables(self, viewer: Viewer, row: DatasetView) -> list[Preview]:
        """Those whose columns are described."""
        found = (await self._previews.files(viewer, row.id)).files
        tables = []
        for file in found if len(found) <= _MAX_TABLES else ():
            try:
                table = await self._previews.preview(viewer, row.id, path=file.path, row_count=20)
            except DataferryError:  # it is no table, whatever its name says
                continue
            if _PLAIN.search(table.snippet) and table.column_count <= _MAX_COLUMNS:
                tables.append(table)
        return tables


def _about(row: DatasetView) -> dict[str, Any]:
    about = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": row.title or row.ref,
        "description": row.description,
        "identifier": f"{row.ref}@{row.revision}",
        "alternateName": row.ref,
        "url": row.original_url,
        "version": row.revision,
        "sdDatePublished": datetime.now(UTC).date().isoformat(),
    }
    return about | ({"license": row.license} if row.license else {})


def _file(file: DatasetFileView, address: str | None) -> dict[str, Any]:
    suffix = f".{file.path.lower().rpartition('.')[2]}"
    return {
        "@type": "cr:FileObject",
        "@id": _id(file.path),
        "name": file.path,
        "contentUrl": file.path if address is None else f"{address}{quote(file.path)}",
        "contentSize": f"{file.size_bytes} B",
        "encodingFormat": _MEDIA_TYPES.get(suffix) or guess_type(file.path)[0] or "application/octet-stream",
        "sha256": file.sha256,
    }


def _record_set(table: Preview) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    return {
        "@type": "cr:RecordSet",
        "@id": _id(f"rows:{table.path}"),
        "name": f"rows of {table.path}",
        "field": [
            _field(table.path, column, data_type)
            for column in table.columns
            if (data_type := _type_of(column)) and column.name.strip() and names.count(column.name) == 1
        ],
    }


def _field(path: str, column: PreviewColumn, data_type: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": _id(f"rows:{path}/{column.name}"),
        "name": column.name,
        "dataType": data_type,
        "source": {"fileObject": {"@id": _id(path)}, "extract": {"column": column.name}},
    }


def _id(text: str) -> str:
    """``text`` as an ``@id``, in which readers take no blanks; no two are the same."""
    joined = re.sub(r"\s", "_", text)
    return joined if joined == text else f"{joined}-{sha256(text.encode()).hexdigest()[:8]}"


def _type_of(column: PreviewColumn) -> str | None:
    """Croissant's type of a column; None for what it has none for, and for a name that is shown in part."""
    if column.cut:
        return None
    if column.dtype.startswith("DECIMAL") and not column.dtype.endswith("]"):
        return "sc:Float"
    return _TYPES.get(column.dtype.removesuffix(" WITH TIME ZONE"))
