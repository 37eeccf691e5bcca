"""The verdict before a download: what a person should know of a dataset before they ask for it."""

from typing import Literal

from dataferry.core.types import View
from dataferry.library.licence_views import LicenceVerdict

#: ``not_told``: the source says so only when the files are asked for.
GateState = Literal["open", "terms", "by_hand", "not_told"]


class GateVerdict(View):
    """Whether terms are to be accepted first, and by whom. ``by_hand``: then its owner decides who gets it.
    ``url``: where; ``account``: whose account it is that has to accept them. None where there is nothing."""

    state: GateState
    words: str
    url: str | None = None
    account: str | None = None


class RoomVerdict(View):
    """What a download takes, in bytes; None where that is not known. ``download_bytes``: over the line;
    ``needed_bytes``: of the disk afterwards; ``peak_bytes``: of the disk at most, while archives are
    unpacked. ``seconds``: at ``rate_bps``, which was measured of late; both None where nothing was."""

    download_bytes: int | None
    needed_bytes: int | None
    peak_bytes: int | None
    free_bytes: int
    fits: bool | None
    rate_bps: int | None = None
    seconds: int | None = None
    words: str


class TableFacts(View):
    """Rows and columns, as far as the source tells. ``row_range``: where it tells no more than that."""

    rows: int | None = None
    columns: int | None = None
    row_range: str | None = None
    words: str


class Verdict(View):
    """``table``: None where the source tells nothing of rows or columns."""

    licence: LicenceVerdict
    gate: GateVerdict
    room: RoomVerdict
    table: TableFacts | None = None
