"""Previews of tables and texts, as the API shows them."""

from typing import Literal

from pydantic import computed_field

from dataferry.core.types import View


class PreviewColumn(View):
    """``dtype``: the file's own type (``DECIMAL(10,2)``); where it has none, ``number`` or ``text`` by the
    rows that are shown. ``numeric``: the cells that are shown are numbers. ``cut``: its name or its type is
    shown in part."""

    name: str
    dtype: str
    numeric: bool
    cut: bool = False


class CutCell(View):
    """A cell that is shown in part. ``row`` and ``column`` count from 0; ``chars``: its whole length."""

    row: int
    column: int
    chars: int


class LeftOut(View):
    """What the limits of a preview keep out of it: ``columns``, ``rows`` that were asked for, ``names`` of
    columns or types and ``cells`` that are shown in part."""

    columns: int = 0
    rows: int = 0
    names: int = 0
    cells: int = 0


class Preview(View):
    """The first rows of a table. Cells are untrusted text: what the file has, as it has it; None where there
    is no value.

    ``partial``: the file is not on this machine, and ``fetched_bytes`` of its ``size_bytes`` were fetched
    from ``fetched_from`` to show this.
    """

    path: str
    columns: tuple[PreviewColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    #: Of all columns, though not all of a very wide table are shown.
    column_count: int
    #: Of the whole file, without its header; None where only its beginning was read.
    row_count: int | None
    #: The file has at least so many, where it was not read to its end.
    least_row_count: int | None = None
    #: What was guessed or left out, a sentence each.
    notes: tuple[str, ...] = ()
    cut: tuple[CutCell, ...] = ()
    left_out: LeftOut = LeftOut()
    #: Code that loads this table, ready to paste; empty where it is not on this machine.
    snippet: str
    partial: bool = False
    fetched_bytes: int | None = None
    fetched_from: str | None = None
    #: Of the whole file, where it is known.
    size_bytes: int | None = None
    #: By the length of the rows that were fetched, where nothing tells how many there are.
    about_row_count: int | None = None
    #: What it was read at, where it is not on this machine.
    revision: str | None = None


class PreviewFile(View):
    """A file that can be shown as a table."""

    path: str
    #: None where its source does not tell.
    size: int | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def size_bytes(self) -> int | None:
        """``size``."""
        return self.size


class PreviewFiles(View):
    """The files that can be shown as a table, the one to show first ahead. Where there is none, why, and the
    next act. ``more``: there are more than are listed; ``partial``: they are not on this machine."""

    files: tuple[PreviewFile, ...]
    more: bool = False
    partial: bool = False
    reason: str | None = None
    next_step: str | None = None


class ImageSample(View):
    """A picture of a dataset, small. ``path``: its file, or the table that it is in. ``width`` and
    ``height``: of the whole picture, in pixels. ``thumbnail``: a WebP picture as a ``data:`` address."""

    path: str
    width: int
    height: int
    thumbnail: str


class ImageSamples(View):
    """Some pictures of a dataset, from as many of its folders as there is room for.

    ``image_count``: files that are pictures; None where its source does not list all, or they are in a table.
    ``notes``: why some are not shown, a sentence each. ``partial``: they are not on this machine, and
    ``fetched_bytes`` were fetched from ``fetched_from``.
    """

    images: tuple[ImageSample, ...]
    image_count: int | None = None
    notes: tuple[str, ...] = ()
    partial: bool = False
    fetched_bytes: int | None = None
    fetched_from: str | None = None
    revision: str | None = None


class Readme(View):
    """What its author says of a dataset: untrusted Markdown, without its front matter.

    ``origin``: a file of the dataset (``path``), its page at the source, or nobody. ``base_url``: what
    relative links of it start from; None where they lead nowhere. ``cut``: there is more than ``text``.
    """

    text: str
    origin: Literal["file", "source"] | None = None
    path: str | None = None
    base_url: str | None = None
    cut: bool = False
