"""What is pushed to browsers: a closed union, stored as sent and read by one reducer.

A topic is ``job:<id>`` or ``user:<id>`` (every job of that person). ``seq`` counts up within a topic
and epoch; a new epoch (a restart) means that a snapshot follows.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from dataferry.core.job_types import JobView
from dataferry.core.types import Count, View


class Subscribe(View):
    op: Literal["subscribe"]
    topic: str = Field(max_length=200)
    #: The last seq that the client has seen, with the epoch it was seen in.
    after: Count | None = None
    epoch: str | None = None


class Unsubscribe(View):
    op: Literal["unsubscribe"]
    topic: str = Field(max_length=200)


class Ping(View):
    op: Literal["ping"]
    t: float = 0


ClientMessage = Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="op")]
client_message: TypeAdapter[Subscribe | Unsubscribe | Ping] = TypeAdapter(ClientMessage)


class JobEvent(View):
    """A change of one job; ``job`` is the whole new view, so that the last event alone suffices."""

    op: Literal["event"] = "event"
    topic: str
    epoch: str
    seq: int
    job: JobView


class JobSnapshot(View):
    """A job as it stands at ``seq``; sent on subscription and after a gap."""

    op: Literal["snapshot"] = "snapshot"
    topic: str
    epoch: str
    seq: int
    job: JobView


class Subscribed(View):
    op: Literal["subscribed"] = "subscribed"
    topic: str
    epoch: str
    seq: int


class Pong(View):
    op: Literal["pong"] = "pong"
    t: float = 0


class SocketError(View):
    op: Literal["error"] = "error"
    topic: str | None = None
    code: Literal["not_found", "invalid_message", "too_many_topics"]
    detail: str


ServerMessage = Annotated[JobEvent | JobSnapshot | Subscribed | Pong | SocketError, Field(discriminator="op")]
