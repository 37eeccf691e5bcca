"""Is it alive, and can it work? For service managers and load balancers; needs no token."""

import asyncio
import os
from collections.abc import Awaitable
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Response
from sqlalchemy import text
from sqlmodel import Session

from dataferry.api.deps import TokenFirst, Wired
from dataferry.core.threads import in_thread
from dataferry.core.types import View

router = APIRouter(prefix="/api/health", tags=["operations"], route_class=TokenFirst)


_TIMEOUT_S = 3.0


class Liveness(View):
    """The process answers."""

    ok: bool


class Readiness(View):
    """``store``: the downloads folder is there and can be written."""

    ok: bool
    database: bool
    store: bool


@router.get("/live")
async def check_alive() -> Liveness:
    """The process answers."""
    return Liveness(ok=True)


@router.get(
    "/ready", responses={503: {"model": Readiness, "description": "What is false keeps it from work"}}
)
async def check_ready(wired: Wired, response: Response) -> Readiness:
    """The database answers and the store can be written."""
    database, store = await asyncio.gather(
        _in_time(wired.database.run_read(_ask)),
        _in_time(in_thread("disk", _check_writable, wired.settings.store)),
    )
    if not (database and store):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(ok=database and store, database=database, store=store)


async def _in_time(work: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await work
    except Exception:  # whatever the driver raises, the answer is that it cannot be used
        return False
    return True


def _ask(session: Session) -> None:
    session.connection().execute(text("SELECT 1"))


def _check_writable(folder: Path) -> None:
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise PermissionError
