"""What this installation is connected to, and what it says of itself."""

from fastapi import APIRouter
from pydantic import Field, SecretStr

from dataferry import __version__
from dataferry.accounts.credentials import read_credential
from dataferry.api.deps import Current, RequestBody, Services, TokenFirst, Wired
from dataferry.core.types import HubName, SourceName, View, Viewer
from dataferry.library.storage_views import StorageView
from dataferry.sources.base import SourceStatus

router = APIRouter(prefix="/api", tags=["sources"], route_class=TokenFirst)


class CredentialRequest(RequestBody):
    """``secret``: a token; with ``username`` one of Kaggle's older keys; or all of ``kaggle.json``."""

    secret: SecretStr = Field(min_length=1, max_length=4000)
    username: str | None = Field(None, min_length=1, max_length=200)


class AppView(View):
    """What the page must know before anybody signs in."""

    version: str
    demo: bool
    #: Nobody has registered yet: the first account becomes the admin.
    needs_setup: bool
    #: The first registration asks for the token printed at start.
    setup_token_required: bool
    open_registration: bool
    #: ``planner`` or ``provider:model``.
    model: str


@router.get("/app")
async def get_app(wired: Wired) -> AppView:
    """What the page must know before anybody signs in. Needs no token."""
    needs_setup = not await wired.accounts.any_user()
    choice = await wired.models.find()
    return AppView(
        version=__version__,
        demo=wired.settings.demo,
        needs_setup=needs_setup,
        setup_token_required=needs_setup and wired.accounts.setup_token is not None,
        open_registration=needs_setup or wired.settings.open_registration,
        model=choice.name if choice else "planner",
    )


@router.get("/sources")
async def list_sources(viewer: Current, wired: Wired) -> list[SourceStatus]:
    """Which sources are connected, and what to do where one is not."""
    return await wired.catalog.status(await wired.credentials.all(viewer.user_id, to_use=False))


@router.put("/sources/{source}/credential")
async def keep_credential(
    source: HubName, body: CredentialRequest, viewer: Current, wired: Wired
) -> SourceStatus:
    """Use your own key at a hub, before the server's. It is tried there first, and kept sealed."""
    credential = read_credential(source, body.secret.get_secret_value(), body.username)
    await wired.catalog.verify(credential)
    await wired.credentials.keep(viewer.user_id, credential)
    return await _status_of(source, viewer, wired)


@router.delete("/sources/{source}/credential")
async def forget_credential(source: HubName, viewer: Current, wired: Wired) -> SourceStatus:
    """Delete your own key at a hub."""
    await wired.credentials.forget(viewer.user_id, source)
    return await _status_of(source, viewer, wired)


async def _status_of(source: SourceName, viewer: Viewer, wired: Services) -> SourceStatus:
    found = await wired.catalog.status(await wired.credentials.all(viewer.user_id, to_use=False))
    return next(status for status in found if status.name == source)


@router.get("/storage")
async def get_storage(viewer: Current, wired: Wired) -> StorageView:
    """The disk under the store."""
    return await wired.shelf.storage(viewer)
