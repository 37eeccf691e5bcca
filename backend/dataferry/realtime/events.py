"""What is pushed to browsers: a closed union, stored as sent and read by one reducer.

A topic is ``job:<id>``, ``user:<id>`` (every job of that person) or ``chat:<id>``. ``seq`` counts up within a
topic and epoch; a new epoch (a restart) means that a snapshot follows.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from dataferry.core.job_types import JobView
from dataferry.core.types import Count, View


class Subscribe(View):
    """Follow a topic from now on, or from what was seen last."""

    """Follow a topic, from what was seen last where `after` and `epoch` name it."""

    op: Literal["subscribe"]
    topic: str = Field(max_length=200)
    #: The last seq that the client has seen, with the epoch it was seen in.
    after: Count | None = None
    epoch: str | None = None


class Unsubscribe(View):
    """Follow a topic no longer."""

    """Follow a topic no longer."""

    op: Literal["unsubscribe"]
    topic: str = Field(max_length=200)


class Ping(View):
    """Ask for a ``pong``, to see that the socket is open."""

    """Ask for a sign of life; `t` is any number, and comes back."""

    op: Literal["ping"]
    t: float = 0


ClientMessage = Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="op")]
client_message: TypeAdapter[Subscribe | Unsubscribe | Ping] = TypeAdapter(ClientMessage)


class JobEvent(View):
    """A change of one job; `job` is the whole new view, so that the last event alone suffices."""

    op: Literal["event"] = "event"
    topic: str
    epoch: str
    seq: int
    job: JobView


class JobSnapshot(View):
    """A job as it stands at `seq`; sent on subscription and after a gap."""

    op: Literal["snapshot"] = "snapshot"
    topic: str
    epoch: str
    seq: int
    job: JobView


class TopicChanged(View):
    """What the topic is about has changed, and is to be read again where it is stored; sent on subscription
    too. A ``chat:<id>`` has such events only."""

    op: Literal["changed"] = "changed"
    topic: str
    epoch: str
    seq: int


class Subscribed(View):
    """What was missed has been sent: events follow."""

    """What was missed has been sent; from now on changes follow as they happen."""

    op: Literal["subscribed"] = "subscribed"
    topic: str
    epoch: str
    seq: int


class Pong(View):
    """The answer to a ``ping``."""

    """The answer to a ping, with its `t`."""

    op: Literal["pong"] = "pong"
    t: float = 0


class SocketError(View):
    """A message that cannot be followed."""

    """A message that means nothing, or a topic that may not be seen (any more); the socket stays open."""

    op: Literal["error"] = "error"
    topic: str | None = None
    code: Literal["not_found", "invalid_message", "too_many_topics"]
    detail: str


ServerMessage = Annotated[
    JobEvent | JobSnapshot | TopicChanged | Subscribed | Pong | SocketError, Field(discriminator="op")
]
