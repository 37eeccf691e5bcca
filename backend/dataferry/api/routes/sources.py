"""What this installation is connected to, and what it says of itself."""

from typing import Annotated

from fastapi import APIRouter, Depends

from dataferry import __version__
from dataferry.api.deps import Services, current_viewer, services
from dataferry.chat.agent import chosen_model
from dataferry.core.types import View, Viewer
from dataferry.library.views import StorageView
from dataferry.sources.base import SourceStatus

router = APIRouter(prefix="/api", tags=["sources"])

Current = Annotated[Viewer, Depends(current_viewer)]
Wired = Annotated[Services, Depends(services)]


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
async def about(wired: Wired) -> AppView:
    """What the page must know before anybody signs in. Needs no token."""
    needs_setup = not await wired.accounts.any_user()
    return AppView(
        version=__version__,
        demo=wired.settings.demo,
        needs_setup=needs_setup,
        setup_token_required=needs_setup and wired.accounts.setup_token is not None,
        open_registration=needs_setup or wired.settings.open_registration,
        model=chosen_model(wired.settings) or "planner",
    )


@router.get("/sources")
async def list_sources(viewer: Current, wired: Wired) -> list[SourceStatus]:
    """Which sources are connected, and what to do where one is not."""
    return await wired.catalog.status(wired.credentials.all(viewer.user_id))


@router.get("/storage")
async def storage(_viewer: Current, wired: Wired) -> StorageView:
    """The disk under the store."""
    return await wired.library.storage()
