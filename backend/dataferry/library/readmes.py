"""What its author says of a dataset: from the files that are here, else from its source."""

import logging
import re
from pathlib import Path, PurePosixPath

from sqlmodel import Session

from dataferry.core.db import Database
from dataferry.core.errors import DataferryError
from dataferry.core.specs import SOURCES
from dataferry.core.threads import in_thread
from dataferry.core.types import Viewer
from dataferry.library import file_rows, rows
from dataferry.library.access import Access
from dataferry.library.models import Dataset, DatasetFile
from dataferry.library.paths import Store
from dataferry.library.preview.text import decode
from dataferry.library.preview_views import Readme
from dataferry.library.search import DatasetSearch
from dataferry.sources.metadata import README_CHARS, many_lines

log = logging.getLogger(__name__)

#: The first that is there is shown.
_NAMES = (
    *("readme.md", "readme.markdown", "readme.txt", "readme.rst", "readme"),
    *("dataset_card.md", "datasetcard.md", "dataset-card.md", "data_card.md", "datacard.md"),
)
#: No character takes more bytes in UTF-8.
_MAX_BYTES = 4 * README_CHARS
_FRONT_MATTER = re.compile(
    r"\A\ufeff?-{3}[ \t\u00a0]*\n(?:.*?\n)??(?:-{3}|\.{3})[ \t\u00a0]*(?:\n|\Z)", re.DOTALL
)


class Readmes:
    """Reads them. What the viewer may not see answers ``NotFound``."""

    def __init__(self, database: Database, store: Store, search: DatasetSearch, access: Access) -> None:
        self._database = database
        self._store = store
        self._search = search
        self._access = access

    async def get(self, viewer: Viewer, key_or_alias: str, revision: str | None = None) -> Readme:
        """A file of the dataset if it has one, else the text at its source, else the short description.

        A source that does not answer is no error here.
        """
        await self._access.renew(viewer)

        def read(session: Session) -> tuple[Dataset, DatasetFile | None]:
            row = rows.visible(session, viewer, key_or_alias, revision)
            path = file_rows.first_named(session, row.id, _NAMES) if row.downloaded else None
            return row, file_rows.file_of(session, row.id, path) if path else None

        row, file = await self._database.run_read(read)
        readme = await in_thread("disk", self._from_file, row, file) if file is not None else None
        if readme is not None and readme.text:
            return readme
        text = without_front_matter(await self._at_source(viewer, row)).strip()
        text = text or row.description
        return Readme(text=text, origin="source" if text else None, base_url=_base_url(row, ""))

    async def _at_source(self, viewer: Viewer, row: Dataset) -> str:
        if row.source == "url" or SOURCES[row.source].given:
            return ""
        try:
            return await self._search.readme(viewer, rows.ref_of(row), row.revision or None)
        except DataferryError as error:
            log.info("%s tells nothing of itself: %s", row.name, error)
            return ""

    def _from_file(self, row: Dataset, file: DatasetFile) -> Readme | None:
        """Blocks. None where it is not there as it was downloaded."""
        found = self._store.file(Path(row.local_path or ""), file.path, file.size)
        if found is None:
            return None
        try:
            with found.open("rb") as stream:
                data = stream.read(_MAX_BYTES)
        except OSError:
            return None
        text = without_front_matter(_lines(decode(data, len(data) == file.size).text))
        return Readme(
            text=many_lines(text),
            origin="file",
            path=file.path,
            base_url=_base_url(row, file.path),
            cut=len(text) > README_CHARS or len(data) < file.size,
        )


def without_front_matter(text: str) -> str:
    """A Markdown text without the YAML between two lines of dashes at its beginning."""
    return _FRONT_MATTER.sub("", text, count=1)


def front_matter(text: str) -> str:
    """The YAML between two lines of dashes at the beginning of a Markdown text; empty where there is none."""
    found = _FRONT_MATTER.match(_lines(text))
    return found[0].lstrip("\ufeff").strip().strip("-.").strip() if found else ""


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _base_url(row: Dataset, path: str) -> str | None:
    """Where the folder of ``path`` is on the web, with a slash at its end; Kaggle shows no single file."""
    if row.source != "huggingface" or not row.original_url.startswith(("https://", "http://")):
        return None
    folder = str(PurePosixPath(path).parent)
    below = "" if folder in ("", ".") else f"{folder}/"
    return f"{row.original_url.rstrip('/')}/blob/{row.revision or 'main'}/{below}"
