"""Chest X-rays that a person uploaded, as a dataset of theirs beside the published one, with its classes."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal

from pydantic import Field

from dataferry.core.errors import Conflict
from dataferry.core.types import View, Viewer
from dataferry.library.additions.arrivals import piece_head
from dataferry.library.additions.service import Additions
from dataferry.library.additions.views import AnnouncedFile, NewAddition
from dataferry.library.views import DownloadTicket
from dataferry.uploads.own_uploads import OwnUploads

XrayClass = Literal["NORMAL", "PNEUMONIA"]
#: The folder of those that nobody has given a class.
UNLABELLED = "unlabelled"
#: Pixels of the longer side, at most.
_EDGE = 4096


class LabelledXray(View):
    """An X-ray of one's own, and what its owner says that it shows."""

    id: str = Field(max_length=64, description="The upload's id")
    class_name: XrayClass | None = Field(None, description="What it shows, as you say; null for unlabelled")


class XrayDatasets:
    """Makes datasets of uploads. The pictures in them are no longer encrypted."""

    def __init__(self, uploads: OwnUploads, additions: Additions) -> None:
        self._uploads = uploads
        self._additions = additions

    async def make(
        self, viewer: Viewer, images: Sequence[LabelledXray], *, name: str, to: str | None
    ) -> DownloadTicket:
        """Pictures made anew, without names and metadata, become a private dataset; with ``to`` they come to
        one of theirs.

        Errors: ``NotFound``; ``Conflict`` for one in quarantine; those of ``Additions``.
        """
        pictures = {}
        for image in images:
            upload = await self._uploads.get(viewer, "xray", image.id)
            if upload.processing_status == "quarantined":
                raise Conflict(
                    f"{upload.original_filename}: text may stand in its pixels.",
                    next_step="Look at it and mask what names a person, or leave it out.",
                )
            path = f"{image.class_name or UNLABELLED}/{image.id}.webp"
            pictures[path] = await self._uploads.picture(
                viewer, "xray", image.id, edge=_EDGE, frame=0, center=None, width=None
            )
        wanted = NewAddition(
            name=name,
            to=to,
            mode="add" if to else "new",
            file_count=len(pictures),
            size=sum(map(len, pictures.values())),
            go_on=True,
        )
        addition = await self._additions.begin(viewer, wanted)
        files = [AnnouncedFile(path=path, size=len(data)) for path, data in pictures.items()]
        await self._additions.announce(viewer, addition.id, files, first=True)
        await self._additions.receive(viewer, addition.id, _sent(pictures))
        return await self._additions.finish(viewer, addition.id)


async def _sent(pictures: dict[str, bytes]) -> AsyncIterator[bytes]:
    for path, data in pictures.items():
        yield piece_head(path, len(data)) + data
