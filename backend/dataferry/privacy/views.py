"""What is told of a person's data."""

from datetime import datetime

from dataferry.core.types import View


class HoldingView(View):
    """So many things of one kind that are a person's. ``stays``: why they are not erased, and whose they are
    then."""

    part: str
    what: str
    count: int
    size_bytes: int | None = None
    stays: str | None = None


class PersonalDataView(View):
    """What is kept of the viewer; kinds of which there is nothing are left out. ``last_admin``: they cannot
    be erased until there is another admin."""

    holdings: tuple[HoldingView, ...]
    last_admin: bool


class ErasureView(View):
    """The erasure of an account. ``finished_at`` is there once nothing of it is left on this server."""

    id: str
    requested_at: datetime
    finished_at: datetime | None
