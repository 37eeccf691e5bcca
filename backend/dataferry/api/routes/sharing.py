"""Datasets that people share with each other."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.api.routes.datasets import Revision
from dataferry.library.sharing import SharingView

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)

Email = Annotated[str, Field(min_length=3, max_length=320)]


class ShareRequest(RequestBody):
    """Who may see it from now on."""

    #: Addresses of accounts of this server.
    emails: list[Email] = Field([], max_length=100)
    #: Everybody who has an account here, now or later.
    everybody: bool = False


@router.get("/{key}/sharing")
async def get_sharing(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> SharingView:
    """Who sees a dataset, and whether you may share it."""
    return await wired.sharing.view(viewer, key, revision)


@router.post("/{key}/sharing")
async def share_dataset(
    key: str, body: ShareRequest, viewer: Current, wired: Wired, revision: Revision = None
) -> SharingView:
    """Let people see a gated or private dataset that you downloaded with access of your own.

    They read its files until that is taken back, it is deleted, or your own access ends, which its source is
    asked about once a day. Admins may too.
    """
    return await wired.sharing.share(viewer, key, revision, emails=body.emails, everybody=body.everybody)


@router.delete("/{key}/sharing")
async def unshare_dataset(
    key: str,
    viewer: Current,
    wired: Wired,
    revision: Revision = None,
    email: Annotated[str | None, Query(max_length=320, description="Of one person; by default all")] = None,
) -> SharingView:
    """Take a dataset back from one person, or from all it was shared with."""
    return await wired.sharing.unshare(viewer, key, revision, email=email)
