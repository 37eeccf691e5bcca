"""Is it alive, and can it work?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status
from sqlalchemy import text
from sqlmodel import Session

from dataferry.api.deps import Services, services
from dataferry.core.types import View

router = APIRouter(prefix="/api/health", tags=["operations"])

Wired = Annotated[Services, Depends(services)]


class Health(View):
    ok: bool
    database: bool = True
    store: bool = True


@router.get("/live")
async def live() -> Health:
    """The process answers."""
    return Health(ok=True)


@router.get("/ready")
async def ready(wired: Wired, response: Response) -> Health:
    """The database answers and the store is there."""
    database = True
    try:
        await wired.database.run(_ask)
    except Exception:  # whatever the driver raises, the answer is that it cannot be used
        database = False
    store = wired.library.store.root.is_dir()
    if not (database and store):
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Health(ok=database and store, database=database, store=store)


def _ask(session: Session) -> None:
    session.connection().execute(text("SELECT 1"))
