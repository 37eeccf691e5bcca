"""The tables of annotations. Each is a row of its own: nobody's work overwrites another's."""

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from dataferry.core.db import Utc, now


class AnnotatedImage(SQLModel, table=True):
    """An image that somebody has annotated: of one revision of a dataset, or a frame of an upload. An
    upload's goes with it; a dataset's stays when its files go, and is found again by the image's name."""

    __tablename__ = "annotated_images"

    #: A digest of the target, the split and the name: two who begin at a time make the same row.
    id: str = Field(primary_key=True)
    dataset_id: str | None = Field(default=None, foreign_key="datasets.id", index=True)
    upload_id: str | None = Field(default=None, foreign_key="uploads.id", index=True, ondelete="CASCADE")
    #: Both empty of an upload, whose file may be named after a person.
    split: str = ""
    name: str = ""
    #: In its split; of an upload the frame. From 0.
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    #: In pixels, upright.
    width: int
    height: int


class Annotation(SQLModel, table=True):
    """A box or a label. ``label`` is encrypted where it is of an upload: it may say what somebody has."""

    __tablename__ = "annotations"

    id: str = Field(primary_key=True)
    image_id: str = Field(foreign_key="annotated_images.id", index=True, ondelete="CASCADE")
    user_id: str = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    #: Another one after each change, never used again.
    version: str
    #: ``box`` or ``label``.
    kind: str
    label: str
    #: In pixels from the upper left corner of the upright image; None of a label.
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    created_at: datetime = Field(default_factory=now, sa_type=Utc)
    changed_at: datetime = Field(default_factory=now, sa_type=Utc)
    #: Of an accepted finding: its id in the analysis, and the model that it is by.
    finding_id: str | None = None
    model: str | None = None
    model_version: str | None = None
    confidence: float | None = None
