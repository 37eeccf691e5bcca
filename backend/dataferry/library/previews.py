"""The table of a dataset that is shown, and the code that loads it."""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath

from sqlmodel import Session

from dataferry.core.errors import Unreadable
from dataferry.library import file_rows
from dataferry.library.models import Dataset
from dataferry.library.preview import NotATable, ReadLimits, Table, read_table
from dataferry.library.preview.suffixes import DOCUMENTS, TABLES
from dataferry.library.preview_views import (
    CutCell,
    LeftOut,
    Preview,
    PreviewColumn,
    PreviewFile,
    PreviewFiles,
)

#: They need no more code than their suffix tells.
_TOLD_BY_NAME = (".parquet", ".feather")
#: The page of a dataset waits for its code, which has a plainer form too.
_LOADER_LIMITS = ReadLimits(cpu_s=3, wall_s=10.0)
#: To choose from; a person finds one among more by its path in the file list.
MAX_LISTED = 500
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")


def _kinds(one: str, many: str, suffixes: str) -> dict[str, tuple[str, str]]:
    return {f".{suffix}": (one, many) for suffix in suffixes.split()}


#: What a suffix means, of one file and of many.
_KINDS = (
    _kinds("a picture", "pictures", "png jpg jpeg gif webp bmp tif tiff svg heic ppm pgm avif jp2 j2k")
    | _kinds("a sound recording", "sound recordings", "wav mp3 flac ogg m4a opus aac")
    | _kinds("a video", "videos", "mp4 avi mkv mov webm mpg mpeg")
    | _kinds("a text", "texts", "txt md rst html htm xml tex")
    | _kinds("a PDF document", "PDF documents", "pdf")
    | _kinds(
        "a file of arrays",
        "files of arrays",
        "npy npz mat h5 hdf5 nc tfrecord pt pth safetensors",
    )
    | _kinds("a medical image", "medical images", "dcm nii mha nrrd")
    | _kinds("a pickled Python object", "pickled Python objects", "pkl pickle joblib")
    | _kinds("a database", "databases", "db sqlite sqlite3 duckdb mdb accdb")
    | _kinds("program code", "program code", "py ipynb r js")
)


def main_tables(session: Session, dataset_id: str, limit: int) -> list[str]:
    """Paths of the dataset's tables, the one to show first: a training table, then the largest."""
    found = file_rows.tables(session, dataset_id, TABLES, limit=limit)
    return found or file_rows.tables(session, dataset_id, DOCUMENTS, limit=limit)


def preview_files(session: Session, row: Dataset) -> PreviewFiles:
    """Every file that can be shown as a table, tables before documents; where there is none, why."""
    found = file_rows.tables(session, row.id, TABLES, limit=MAX_LISTED + 1)
    if len(found) <= MAX_LISTED:
        found += file_rows.tables(session, row.id, DOCUMENTS, limit=MAX_LISTED + 1 - len(found))
    shown = found[:MAX_LISTED]
    if not shown:
        first = file_rows.page(session, row.id, after=None, limit=file_rows.PAGE_SIZE)
        return no_tables([(file.path, file.size) for file in first], row.file_count or 0)
    sizes = file_rows.sizes(session, row.id, shown)
    files = tuple(PreviewFile(path=path, size=sizes[path]) for path in shown)
    return PreviewFiles(files=files, more=len(found) > MAX_LISTED)


def tables_among(paths: Sequence[tuple[str, int | None]], first: Collection[str]) -> list[str]:
    """Paths of the tables among files with their sizes, in the order of ``main_tables``; before them, by
    path, those that are in ``first``."""
    for suffixes in (TABLES, DOCUMENTS):
        found = [(path, size) for path, size in paths if _has_suffix(path, suffixes)]
        if found:
            break
    found.sort(
        key=lambda one: (
            (0, False, 0, one[0])
            if one[0] in first
            else (1, "train" not in one[0].lower(), -(one[1] or 0), one[0])
        )
    )
    return [path for path, _ in found]


def _has_suffix(path: str, suffixes: tuple[str, ...]) -> bool:
    name = PurePosixPath(path).name.lower()
    return name.endswith(suffixes) and name not in suffixes


def no_tables(files: Sequence[tuple[str, int | None]], file_count: int, *, here: bool = True) -> PreviewFiles:
    """Why none of these files, the first ones of a dataset with their sizes, can be shown as a table; and the
    next act, which depends on whether they are ``here``."""

    def because(reason: str, next_step: str) -> PreviewFiles:
        return PreviewFiles(files=(), reason=reason, next_step=next_step)

    if not files:
        return because("It has no files.", "Check for a newer version, or look at its source.")
    if not any(size is None or size for _, size in files):
        return because("Its files are empty.", "Check for a newer version, or look at its source.")
    packed = [path for path, _ in files if path.lower().endswith(_ARCHIVES)]
    if packed and not here:
        what = packed[0] if len(packed) == 1 else f"its {len(packed)} archives"
        return because(
            f"What is in {what} can only be shown once all of it is here.",
            "Download it: built-in datasets and those of Kaggle are unpacked.",
        )
    if packed:
        return because(
            f"What is in {packed[0]} is still packed."
            if len(packed) == 1
            else f"What is in its {len(packed)} archives is still packed.",
            "Unpack it in a folder of your own to look into it; the copy here stays as it was verified.",
        )
    suffixes = Counter(PurePosixPath(path).suffix.lower() for path, _ in files)
    suffix, count = suffixes.most_common(1)[0]
    kind = _KINDS.get(suffix)
    of_many = "Its files are" if len(suffixes) == 1 and file_count != 1 else "Most of its files are"
    if file_count == 1 or len(files) == 1:
        said = f"Its file is {kind[0]} ({suffix})." if kind else f"Its file {files[0][0]} is no table."
    elif kind and 2 * count >= len(files):
        said = f"{of_many} {kind[1]} ({suffix})."
    else:
        kinds = ", ".join(one for one, _ in suffixes.most_common(4) if one) or "without a suffix"
        said = f"None of its files is a table: they are {kinds}."
    if not here:
        return because(said, "Download it to open them in a program of your own.")
    return because(said, "Open them in a program of your own, or load them with the code above.")


def read_preview(file: Path, path: str, rows: int, cell_chars: int) -> Preview:
    """The first rows of a table; untrusted text. Blocks. ``path``: what its dataset calls ``file``.

    Errors: ``Unreadable`` where it cannot be read as a table.
    """
    try:
        table = read_table(file, path, rows, cell_chars=cell_chars)
    except NotATable as error:
        raise Unreadable(
            f"{path} cannot be shown as a table. {error}", next_step="Open the file with a tool of its own."
        ) from error
    return preview_of(path, table)


def read_loader(file: Path, path: str) -> str | None:
    """Code that loads the table as it is shown; None where its name says all that there is to say of it, and
    where it cannot be read. Blocks."""
    if PurePosixPath(path).suffix.lower() in _TOLD_BY_NAME:
        return None
    try:
        status = file.stat()
        return _loader(file, path, status.st_mtime_ns, status.st_size)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _loader(file: Path, path: str, _mtime_ns: int, _size: int) -> str | None:
    try:
        return read_table(file, path, 1, limits=_LOADER_LIMITS).loader
    except NotATable:
        return None


def first_columns(shown: Preview, count: int) -> Preview:
    """The preview with no more columns than ``count``; those left out are counted."""
    if len(shown.columns) <= count:
        return shown
    left_out = shown.left_out.model_copy(update={"columns": shown.column_count - count})
    return shown.model_copy(
        update={
            "columns": shown.columns[:count],
            "rows": tuple(row[:count] for row in shown.rows),
            "cut": tuple(cell for cell in shown.cut if cell.column < count),
            "left_out": left_out,
        }
    )


def preview_of(path: str, table: Table) -> Preview:
    """A table as the API shows it."""
    return Preview(
        path=path,
        columns=tuple(
            PreviewColumn(name=one.name, dtype=one.dtype, numeric=one.numeric, cut=one.cut)
            for one in table.columns
        ),
        rows=table.rows,
        column_count=table.column_count,
        row_count=table.row_count,
        least_row_count=table.least_row_count,
        notes=table.notes,
        cut=tuple(CutCell(row=one.row, column=one.column, chars=one.chars) for one in table.cut),
        left_out=LeftOut(
            columns=table.left_out.columns,
            rows=table.left_out.rows,
            names=table.left_out.names,
            cells=table.left_out.cells,
        ),
        snippet=table.loader,
    )
