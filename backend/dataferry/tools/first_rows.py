"""The first rows of a table, as few as an answer has room for."""

from dataferry.core.types import DatasetRef, Viewer
from dataferry.library.previews import first_columns
from dataferry.tools.inputs import PreviewInput
from dataferry.tools.outputs import PreviewOutput
from dataferry.tools.services import LibraryService

#: Its own screen has more of them.
ROWS, COLUMNS, CELL_CHARS = 8, 30, 200


async def first_rows(
    library: LibraryService, viewer: Viewer, ref: DatasetRef, asked: PreviewInput
) -> PreviewOutput:
    """What is ``asked`` of the dataset. Errors: those of ``LibraryService.preview``."""
    shown = await library.preview(
        viewer, ref.key, asked.revision, path=asked.file, row_count=ROWS, cell_chars=CELL_CHARS
    )
    return PreviewOutput(ref=str(ref), key=ref.key, preview=first_columns(shown, COLUMNS))
