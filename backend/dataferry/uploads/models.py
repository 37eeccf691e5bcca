"""The tables of uploads. What may be personal in them is encrypted."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Text
from sqlmodel import Field, SQLModel

from dataferry.core.db import Utc, now


class Upload(SQLModel, table=True):
    """A file that a person gave. While ``processing_status`` is ``pending`` it is received or checked."""

    __tablename__ = "uploads"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    #: An ``UploadCategory``.
    category: str
    #: Encrypted: names of files are names of people.
    original_filename: str
    stored_filename: str
    #: Below the folder of uploads.
    file_path: str
    #: Bytes that were announced, and once it is whole those that it has.
    file_size: int | None = Field(default=None, sa_column=Column(BigInteger))
    #: ``pending``, ``ready``, ``quarantined``, or ``analyzed`` once there are results of these bytes.
    processing_status: str = "pending"
    #: Encrypted: ``UploadStorage.seal_results``.
    analysis_results: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    #: Of its content.
    sha256: str | None = None
    #: ``clean`` or ``not_configured``.
    scan: str | None = None
    #: Of traffic images that belong together, and the place of this one among them, from 0.
    sequence_id: str | None = Field(default=None, index=True)
    position: int | None = None
    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    expires_at: datetime | None = Field(default=None, sa_type=Utc, index=True)


class UploadImage(SQLModel, table=True):
    """The picture in an upload, or in a dataset that was made of uploads."""

    __tablename__ = "images"

    #: That of its upload.
    id: str = Field(foreign_key="uploads.id", primary_key=True)
    dataset_id: str | None = Field(default=None, index=True)
    filename: str
    file_path: str
    file_size: int = Field(sa_column=Column(BigInteger, nullable=False))
    mime_type: str
    #: In pixels, upright.
    width: int
    height: int
    #: ``ImageDetails`` as JSON, encrypted.
    details: str = Field(sa_column=Column("metadata", Text, nullable=False))
    created_at: datetime = Field(default_factory=now, sa_type=Utc)


class UploadConsent(SQLModel, table=True):
    """That a person has agreed to one version of how medical images are kept, until they took it back."""

    __tablename__ = "upload_consents"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    version: str
    given_at: datetime = Field(default_factory=now, sa_type=Utc)
    revoked_at: datetime | None = Field(default=None, sa_type=Utc)


class UploadEvent(SQLModel, table=True):
    """Something that was done with an upload. It outlives the upload, and says nothing of what was in it."""

    __tablename__ = "upload_events"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=Utc, index=True)
    upload_id: str = Field(index=True)
    #: Whose upload it is, and who did it; the latter is empty for the server itself.
    user_id: str = Field(index=True)
    actor_id: str = ""
    category: str
    action: str
    size: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
