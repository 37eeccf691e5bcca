"""What commands print, and the codes they end with."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Annotated, Any

import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from dataferry.core.errors import DataferryError, InvalidInput
from dataferry.core.sizes import readable_bytes
from dataferry.core.types import ProblemWords
from dataferry.core.visible import on_one_line, visible

AsUser = Annotated[str | None, typer.Option("--as", help="Act as this account (its e-mail).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]


class _Terminal(Console):
    """A console that obeys no text: a title or a file name of a stranger may hold what a terminal takes
    for an order, or begin a line that looks like one of ours."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(on_one_line(text), **options)


#: Plain text and no wrapping where it is not a terminal, so that output can be piped.
out = _Terminal(highlight=False, markup=False, soft_wrap=True)
#: What is no result: progress, notes, how to go on.
err = _Terminal(stderr=True, highlight=False, markup=False, soft_wrap=True)


def note(text: str) -> None:
    """A line beside the result, on stderr."""
    err.print(text)


@dataclass(frozen=True)
class Column:
    """Of a table."""

    heading: str
    #: It is shortened first where the terminal is narrow.
    elastic: bool = False
    right: bool = False


#: What an elastic column has at least; below, it is left out.
_LEAST_WIDTH = 10


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Rows as a table that fits the terminal, or untruncated with tabs between the cells in a pipe.

    The first column is always whole. Where the terminal is too narrow the elastic one gives way, then
    the last ones are left out.
    """
    cells = [[on_one_line(cell) for cell in row] for row in rows]
    if not out.is_terminal:
        for row in cells:
            out.print("\t".join(row))
        return
    headed = [[column.heading for column in columns], *cells]
    widths = _fitting_widths(columns, headed)
    for row in headed:
        line = []
        for column, cell, width in zip(columns, row, widths, strict=True):
            if width is not None:
                text = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
                gap = " " * (width - cell_len(text))
                line.append(gap + text if column.right else text + gap)
        out.print("  ".join(line).rstrip())


def _fitting_widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int | None]:
    """For each column its cells, or None where there is no room for it."""
    widths: list[int | None] = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]

    def excess() -> int:
        shown = [width for width in widths if width is not None]
        return sum(shown) + 2 * (len(shown) - 1) - out.width

    for place in range(len(columns) - 1, 0, -1):
        elastic = next((i for i, column in enumerate(columns) if column.elastic and widths[i]), None)
        if elastic is not None and excess() > 0:
            width = widths[elastic] or 0
            if width - excess() >= min(width, _LEAST_WIDTH):
                widths[elastic] = width - excess()
        if excess() <= 0:
            break
        widths[place] = None
    return widths


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    UNREACHABLE = 5
    CORRUPT = 6
    DISK_FULL = 7
    CANCELLED = 8
    INTERRUPTED = 130

    @classmethod
    def of(cls, code: str) -> "ExitCode":
        """The exit code of an error's code."""
        return _CODES.get(code, cls.FAILED)


_CODES = {
    "invalid_input": ExitCode.USAGE,
    "outside_store": ExitCode.USAGE,
    "config": ExitCode.USAGE,
    "not_found": ExitCode.NOT_FOUND,
    "forbidden": ExitCode.NOT_ALLOWED,
    "gated": ExitCode.NOT_ALLOWED,
    "not_signed_in": ExitCode.NOT_ALLOWED,
    "source_not_configured": ExitCode.NOT_ALLOWED,
    "credential_rejected": ExitCode.NOT_ALLOWED,
    "source_timeout": ExitCode.UNREACHABLE,
    "source_unreachable": ExitCode.UNREACHABLE,
    "source_rate_limited": ExitCode.UNREACHABLE,
    "network": ExitCode.UNREACHABLE,
    "checksum_mismatch": ExitCode.CORRUPT,
    "content_changed": ExitCode.CORRUPT,
    "unsafe_archive": ExitCode.CORRUPT,
    "database_away": ExitCode.UNREACHABLE,
    "database_full": ExitCode.DISK_FULL,
    "disk_full": ExitCode.DISK_FULL,
    "store_not_writable": ExitCode.DISK_FULL,
}


def print_error(error: DataferryError) -> None:
    """One line on stderr: what, why, and the next act."""
    print(on_one_line(f"dataferry: {error.detail} {next_act(error)}"), file=sys.stderr)


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """``value`` as JSON for programs, who read what it holds, on a terminal that does not obey it."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    text = text.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    print(visible(text, mark=lambda hidden: json.dumps(hidden)[1:-1]))


def next_act(error: DataferryError | ProblemWords) -> str:
    """What mends it and where, with the setting that an operator has in place of the page's form."""
    setting = f"(For the whole server: {error.setting}.)" if error.setting else None
    return " ".join(filter(None, (error.next_step, error.link, setting)))


def age(then: datetime) -> str:
    """``3 h ago``."""
    seconds = (datetime.now(UTC) - then).total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"


def size(count: int | None) -> str:
    """``24 kB``, or a dash for what is not known."""
    return "–" if count is None else readable_bytes(count)


def parse_size(text: str | None) -> int | None:
    """``100MB`` → 100000000. Errors: ``InvalidInput``."""
    if text is None:
        return None
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "B": 1}
    upper = text.upper().replace(" ", "")
    for unit, factor in units.items():
        if upper.endswith(unit):
            upper, scale = upper.removesuffix(unit), factor
            break
    else:
        scale = 1
    try:
        return int(float(upper) * scale)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{text!r} is not a size.", next_step="Write it as 100MB or 2GB.") from None
