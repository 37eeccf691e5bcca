"""The jobs' tables. A job's row alone is the truth about it; the queue only says when to look at it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, text, true
from sqlmodel import Field, SQLModel

from dataferry.core.db import Utc, new_id, now
from dataferry.core.job_types import ACTIVE_STATES

_ACTIVE = text(f"state IN ({', '.join(repr(state) for state in sorted(ACTIVE_STATES))})")


class Job(SQLModel, table=True):
    """One durable unit of work.

    ``dataset_id`` here and ``user_id`` below are no SQL foreign keys: the history of what was done
    outlives the dataset and the account.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_active_single_flight_key",
            "single_flight_key",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index("idx_jobs_state", "state"),
        Index("idx_jobs_created_at", "created_at"),
    )

    id: str = Field(default_factory=lambda: new_id("job"), primary_key=True)
    kind: str
    dataset_id: str = Field(index=True)
    ref: str
    source: str
    title: str
    revision: str | None = None
    file_path: str | None = None
    params: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: At most one active job has it.
    single_flight_key: str

    state: str = "queued"
    #: A ``JobPriority``.
    priority: str = Field(default="normal", sa_column_kwargs={"server_default": "normal"})
    #: A ``ProblemView``: why it waits or failed, or what stopped it.
    problem: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    waiting_until: datetime | None = Field(default=None, sa_type=Utc)
    #: A ``Progress``, saved about once a second.
    progress: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: Which of the ``1 + retries`` attempts it is at, or waits for; counted anew once a run gets on.
    attempt: int = 1
    #: The n of the workflow ``job_id:n`` that may run it; every new start takes the next.
    generation: int = 1
    #: Counts the changes that others may see.
    version: int = 1
    #: The worker that runs it now.
    owner: str | None = None
    #: What its run is asked to do: ``user`` to end, once its last requester has left; ``pause`` to rest.
    stop: str | None = None
    #: Running time so far in seconds, which the limit is about.
    used_s: float = 0.0
    #: The most bytes that one of its runs had: a run that has more has got on.
    most_bytes: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    #: Since when its runs end without having got on; None while they do.
    stalled_since: datetime | None = Field(default=None, sa_type=Utc)
    #: How often its worker died while it ran.
    crashes: int = 0

    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    started_at: datetime | None = Field(default=None, sa_type=Utc)
    finished_at: datetime | None = Field(default=None, sa_type=Utc)


class JobRequester(SQLModel, table=True):
    """Someone who asked for a job; ``left_at`` once they cancelled their part in it, ``dismissed_at`` once
    they took it, ended, off their list.

    What they have set for the job counts while they want it: that it rests (``paused_at``), and its
    ``priority``, of which the last that was set is the job's.

    Where it stands on their list, so that a page of a long one is read from an index: first what is
    ``active`` for them, then what has ended, the newest of ``listed_at`` first (``requester_rows.place``).
    """

    __tablename__ = "job_requesters"
    __table_args__ = (Index("ix_job_requesters_list", "user_id", "active", "listed_at", "job_id"),)

    job_id: str = Field(foreign_key="jobs.id", primary_key=True)
    user_id: str = Field(primary_key=True, index=True)
    left_at: datetime | None = Field(default=None, sa_type=Utc)
    dismissed_at: datetime | None = Field(default=None, sa_type=Utc)
    paused_at: datetime | None = Field(default=None, sa_type=Utc)
    priority: str | None = None
    prioritized_at: datetime | None = Field(default=None, sa_type=Utc)
    active: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    listed_at: datetime = Field(default_factory=now, sa_type=Utc)


class JobEvent(SQLModel, table=True):
    """A change of state. ``seq`` counts from 1 within the job."""

    __tablename__ = "job_events"

    job_id: str = Field(foreign_key="jobs.id", primary_key=True)
    seq: int = Field(primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=Utc)
    state: str
    attempt: int
    problem: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


class JobWorker(SQLModel, table=True):
    """A worker's heartbeat, where several share a database. The time is the database's own."""

    __tablename__ = "job_workers"

    id: str = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=Utc)
