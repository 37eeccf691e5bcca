"""What commands print, and the codes they end with."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import typer

from dataferry.cli.wording import for_shell, sentence
from dataferry.core.errors import DataferryError, DiskFull, InvalidInput
from dataferry.core.sizes import readable_bytes
from dataferry.core.visible import on_one_line, visible

if TYPE_CHECKING:
    from dataferry.core.problems import ProblemWords


class OutputClosed(Exception):
    """Nobody reads on, as behind ``| head -1``."""


class _Stream:
    """Lines on stdout or stderr, each written at once.

    Nothing of it is obeyed by a terminal: a title or a file name of a stranger may hold what a terminal
    takes for an order, or begin a line that looks like one of ours.
    """

    def __init__(self, name: str, *, essential: bool) -> None:
        self._name = name
        self._essential = essential
        self.quiet = False

    @property
    def file(self) -> TextIO | None:
        """None where the process was started without it (``>&-``)."""
        return getattr(sys, self._name)  # type: ignore[no-any-return]

    @property
    def is_terminal(self) -> bool:
        return self.file is not None and self.file.isatty()

    @property
    def width(self) -> int:
        """Columns of the terminal; COLUMNS comes first."""
        return shutil.get_terminal_size().columns

    def print(self, text: str) -> None:
        """``text`` as one line. Errors: as ``write``."""
        if not self.quiet:
            self.write(on_one_line(text) + "\n")

    def write(self, text: str) -> None:
        """``text`` as it is. Errors: ``OutputClosed``, ``DataferryError``, if it is an essential stream."""
        if self.file is None:
            return
        try:
            self.file.write(text)
            self.file.flush()
        except BrokenPipeError:
            if self._essential:
                raise OutputClosed from None
        except OSError as error:
            if self._essential:
                raise unwritable_output(error) from error


#: Results: what a program reads. Nothing is cut there, so that output can be piped.
out = _Stream("stdout", essential=True)
#: What is no result: progress, notes, how to go on. That nobody reads it keeps nobody from the result.
err = _Stream("stderr", essential=False)


def unwritable_output(error: OSError) -> DataferryError:
    """The error of a result that could not be written, as to a file on a full disk."""
    return DiskFull(
        f"The output cannot be written: {error.strerror}.",
        next_step="Send it to a place with room, then try again.",
    )


def note(text: str) -> None:
    """A line beside the result, on stderr; ``--quiet`` leaves it out."""
    err.print(text)


def warn(text: str) -> None:
    """A line on stderr about what went wrong beside a result; ``--quiet`` does not leave it out."""
    err.write(on_one_line(f"! {text}") + "\n")


def confirm(question: str) -> None:
    """Have a person say yes to a deletion. Errors: ``InvalidInput`` where nobody can answer; ``typer.Exit``
    where the answer is no."""
    if not sys.stdin or not sys.stdin.isatty():
        raise InvalidInput("Nothing is deleted without an answer.", next_step="Add --yes to delete it.")
    if not typer.confirm(question, err=True):
        note("Nothing was deleted.")
        raise typer.Exit(ExitCode.CANCELLED)


def _be_quiet(quiet: bool) -> bool:
    err.quiet = err.quiet or quiet
    return quiet


AsUser = Annotated[str | None, typer.Option("--as", help="Act as this account (its e-mail).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]
#: Its function needs to do nothing about it: ``note`` and progress are silent.
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", callback=_be_quiet, help="Say nothing but results and errors."),
]


@dataclass(frozen=True)
class Column:
    """Of a table. ``gives``: whether it may be cut where the terminal is narrow, before other columns are
    left out or after. ``minor``: it is left out before those that are not."""

    heading: str
    gives: Literal["never", "first", "last"] = "never"
    right: bool = False
    minor: bool = False


#: What is left of a column that is cut.
_LEAST_WIDTH = 10


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Rows as a table that fits the terminal, or untruncated with tabs between the cells in a pipe.

    The first column is always there and whole, unless it ``gives``.
    """
    cells = [[on_one_line(cell).replace("\t", " ") for cell in row] for row in rows]
    if out.is_terminal:
        lines = _table_lines(columns, [[column.heading for column in columns], *cells])
    else:
        lines = iter("\t".join(row) for row in cells)
    out.write("".join(f"{line}\n" for line in lines))


def _table_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    from rich.cells import cell_len, set_cell_size

    widths = _fitting_widths(columns, rows)
    for row in rows:
        line = []
        for column, cell, width in zip(columns, row, widths, strict=True):
            if width is not None:
                text = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
                gap = " " * (width - cell_len(text))
                line.append(gap + text if column.right else text + gap)
        yield "  ".join(line).rstrip()


def _fitting_widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int | None]:
    """For each column the cells it takes, or None where there is no room for it."""
    from rich.cells import cell_len

    full = [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]
    widths: list[int | None] = []
    for left_out, cut in _sacrifices(columns):
        widths = [None if place in left_out else width for place, width in enumerate(full)]
        shown = [width for width in widths if width is not None]
        excess = sum(shown) + 2 * (len(shown) - 1) - out.width
        for place in cut:
            width = widths[place]
            if width is not None and excess > 0:
                kept = max(width - excess, min(width, _LEAST_WIDTH))
                widths[place], excess = kept, excess - (width - kept)
        if excess <= 0:
            break
    return widths


def _sacrifices(columns: Sequence[Column]) -> Iterator[tuple[set[int], list[int]]]:
    """Which columns are left out and which are cut, more with each step."""
    from_right = range(len(columns) - 1, -1, -1)
    left_out: set[int] = set()
    first = [place for place in from_right if columns[place].gives == "first"]
    yield left_out, first
    for place in from_right:
        if columns[place].minor:
            left_out.add(place)
            yield left_out, first
    cut = first + [place for place in from_right if columns[place].gives == "last"]
    yield left_out, cut
    for place in from_right[:-1]:
        left_out.add(place)
        yield left_out, cut


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
    CONFLICT = 9
    INTERRUPTED = 130

    @classmethod
    def of(cls, code: str) -> "ExitCode":
        """The exit code of an error's code."""
        return _CODES.get(code, cls.FAILED)


_CODES = {
    "invalid_input": ExitCode.USAGE,
    "outside_store": ExitCode.USAGE,
    "private_address": ExitCode.USAGE,
    "unknown_host": ExitCode.USAGE,
    "upgrade_required": ExitCode.USAGE,
    "query_too_large": ExitCode.USAGE,
    "bad_image": ExitCode.USAGE,
    "bad_upload": ExitCode.USAGE,
    "upload_too_large": ExitCode.USAGE,
    "config": ExitCode.USAGE,
    "database_unusable": ExitCode.USAGE,
    "not_found": ExitCode.NOT_FOUND,
    "unreadable": ExitCode.NOT_FOUND,
    "no_images": ExitCode.NOT_FOUND,
    "unknown_model": ExitCode.NOT_FOUND,
    "forbidden": ExitCode.NOT_ALLOWED,
    "gated": ExitCode.NOT_ALLOWED,
    "insufficient_scope": ExitCode.NOT_ALLOWED,
    "consent_needed": ExitCode.NOT_ALLOWED,
    "infected_file": ExitCode.NOT_ALLOWED,
    "scan_failed": ExitCode.UNREACHABLE,
    "seal_broken": ExitCode.CORRUPT,
    "wrong_offset": ExitCode.CONFLICT,
    "not_signed_in": ExitCode.NOT_ALLOWED,
    "source_not_configured": ExitCode.NOT_ALLOWED,
    "credential_rejected": ExitCode.NOT_ALLOWED,
    "model_key_rejected": ExitCode.NOT_ALLOWED,
    "source_error": ExitCode.UNREACHABLE,
    "source_timeout": ExitCode.UNREACHABLE,
    "source_unreachable": ExitCode.UNREACHABLE,
    "source_rate_limited": ExitCode.UNREACHABLE,
    "source_protocol": ExitCode.UNREACHABLE,
    "transfer": ExitCode.UNREACHABLE,
    "network": ExitCode.UNREACHABLE,
    "model": ExitCode.UNREACHABLE,
    "model_rate_limited": ExitCode.UNREACHABLE,
    "model_unreachable": ExitCode.UNREACHABLE,
    "too_many_requests": ExitCode.UNREACHABLE,
    "database_away": ExitCode.UNREACHABLE,
    "checksum_mismatch": ExitCode.CORRUPT,
    "damaged_file": ExitCode.CORRUPT,
    "content_changed": ExitCode.CORRUPT,
    "unsafe_archive": ExitCode.CORRUPT,
    "plugin_failed": ExitCode.CORRUPT,
    "database_full": ExitCode.DISK_FULL,
    "disk_full": ExitCode.DISK_FULL,
    "quota_exceeded": ExitCode.DISK_FULL,
    "room_needed": ExitCode.DISK_FULL,
    "store_not_writable": ExitCode.DISK_FULL,
    "conflict": ExitCode.CONFLICT,
    "idempotency_key_used": ExitCode.CONFLICT,
    "idempotency_in_progress": ExitCode.CONFLICT,
    "folder_busy": ExitCode.CONFLICT,
    "room_reserved": ExitCode.CONFLICT,
}


def print_error(error: DataferryError) -> None:
    """One line on stderr: what, why, and the next act."""
    print_failure(f"{sentence(for_shell(error.detail))} {next_act(error)}")


def print_failure(text: str) -> None:
    """One line on stderr."""
    err.write(on_one_line(f"dataferry: {text}") + "\n")


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """``value`` as JSON for programs, who read what it holds, on a terminal that does not obey it.

    A stream that cannot hold every character gets them escaped. Errors: as ``out.print``.
    """
    encoding = getattr(out.file, "encoding", None) or "utf-8"
    text = json.dumps(value, indent=indent, ensure_ascii=not encoding.lower().startswith("utf"))
    text = text.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    out.write(visible(text, mark=lambda hidden: json.dumps(hidden)[1:-1]) + "\n")


def next_act(error: "DataferryError | ProblemWords") -> str:
    """What mends it and where, with the setting that an operator has in place of the page's form."""
    setting = f"(For the whole server: {error.setting}.)" if error.setting else None
    return " ".join(filter(None, (for_shell(error.next_step or ""), error.link, setting)))


def told_problem(problem: Mapping[str, Any]) -> str:
    """What happened and what mends it, of a problem inside of an answer's JSON."""
    from dataferry.core.problems import ProblemWords

    words = ProblemWords.of_document(problem)
    return f"{problem['detail']} {next_act(words)}".strip()


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
