"""What is told of additions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from dataferry.core.types import Count, View

Mode = Literal["new", "add", "replace"]
Visibility = Literal["restricted", "public"]

#: Files in one page of an announcement.
PAGE_FILES = 5000
#: Files of one addition.
MAX_FILES = 1_000_000


class AnnouncedFile(View):
    """A file that is to come. ``stamp`` tells a changed file of the same size from the one that has
    arrived."""

    path: str = Field(min_length=1, max_length=4096, description="Below the folder, with slashes")
    size: Count = Field(description="In bytes")
    stamp: str | None = Field(
        None, max_length=64, description="Any text that changes with the file, such as the time of its change"
    )


class ArrivedFile(View):
    """What is here of a file that was announced."""

    path: str = Field(description="As announced")
    offset: int = Field(description="Bytes that are here: the next piece begins there")
    complete: bool = Field(description="All of it is here")


class ArrivedFiles(View):
    """Of the files of one page; those of which nothing is here are left out."""

    arrived: tuple[ArrivedFile, ...] = ()


class AdditionView(View):
    """A dataset that is on its way from a person."""

    id: str = Field(description="Its id", examples=["add_01k2…"])
    ref: str = Field(description="The dataset that it becomes", examples=["upload:anna/leaves"])
    key: str = Field(description="The same as one part of an address", examples=["upload:anna~leaves"])
    title: str = Field(description="As its owner calls it")
    license: str | None = Field(None, description="As its owner says")
    visibility: Visibility = Field(description="Who will see it: its owner, or everybody")
    mode: Mode = Field(description="A new dataset, or files added to one or in place of its files")
    unpack: bool = Field(description="Archives are unpacked")
    file_count: int = Field(description="Files in all, as announced")
    size: int = Field(description="Bytes in all, as announced")
    files_here: int = Field(description="Files that have arrived")
    bytes_here: int = Field(description="Bytes that have arrived, of whole files")
    job_id: str | None = Field(None, description="Of the job that brings it into the library")
    created_at: datetime = Field(description="When it was begun")
    kept_until: datetime = Field(description="It is removed then, if nothing more of it arrives")


class Received(View):
    """What a request has brought."""

    files_here: int = Field(description="Files that have arrived")
    bytes_here: int = Field(description="Bytes that have arrived, of whole files")


class NewAddition(View):
    """What somebody wants to add. ``to``: a dataset of theirs that is here, for another revision of it."""

    name: Annotated[str, Field(max_length=120)] = ""
    to: Annotated[str | None, Field(max_length=400)] = None
    mode: Mode = "new"
    description: Annotated[str, Field(max_length=4000)] = ""
    license: Annotated[str | None, Field(max_length=200)] = None
    visibility: Visibility = "restricted"
    unpack: bool = False
    file_count: Annotated[int, Field(ge=1, le=MAX_FILES)]
    size: Count
    make_room: bool = False
    #: With what has arrived of an addition of the same name, or to the same dataset; else that is a conflict.
    go_on: bool = False
