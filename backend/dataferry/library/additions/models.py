"""The tables of additions."""

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from dataferry.core.db import Utc, now


class DataOwner(SQLModel, table=True):
    """The name under which a person's own datasets stand: the first part of their ids."""

    __tablename__ = "data_owners"

    name: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", unique=True)


class Addition(SQLModel, table=True):
    """A dataset that is on its way from a person. Its files and what is known of each are in its folder; the
    row goes once they are in the library."""

    __tablename__ = "additions"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    #: Of the dataset: ``owner/name``.
    source_id: str
    title: str
    description: str = ""
    license: str | None = None
    #: ``restricted`` or ``public``.
    visibility: str = "restricted"
    #: ``new``; to a dataset that is here: ``add`` beside its files, or ``replace`` them.
    mode: str = "new"
    #: Archives are unpacked.
    unpack: bool = False
    #: As announced.
    file_count: int
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    #: Of the job that brings it into the library, once all is there.
    job_id: str | None = None
    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    #: When something of it last arrived.
    touched_at: datetime = Field(default_factory=now, sa_type=Utc, index=True)
