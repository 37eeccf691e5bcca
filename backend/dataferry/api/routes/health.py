"""Is it alive, and can it work? For service managers and load balancers; needs no token."""

import asyncio
import os
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlmodel import Session

from dataferry.api.deps import Services, Wired
from dataferry.core.types import View

router = APIRouter(prefix="/api/health", tags=["operations"])


_DATABASE_TIMEOUT_S = 3.0


class Liveness(View):
    ok: bool


class Readiness(View):
    """``store``: the downloads folder is there and can be written."""

    ok: bool
    database: bool
    store: bool


@router.get("/live")
async def live() -> Liveness:
    """The process answers."""
    return Liveness(ok=True)


@router.get(
    "/ready", responses={503: {"model": Readiness, "description": "What is false keeps it from work"}}
)
async def ready(wired: Wired, response: Response) -> Readiness:
    """The database answers and the store can be written."""
    database, store = await asyncio.gather(
        _database_answers(wired), asyncio.to_thread(_writable, wired.settings.store)
    )
    if not (database and store):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(ok=database and store, database=database, store=store)


async def _database_answers(wired: Services) -> bool:
    try:
        async with asyncio.timeout(_DATABASE_TIMEOUT_S):
            await wired.database.run_read(_ask)
    except Exception:  # whatever the driver raises, the answer is that it cannot be used
        return False
    return True


def _ask(session: Session) -> None:
    session.connection().execute(text("SELECT 1"))


def _writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
