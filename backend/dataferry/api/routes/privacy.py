"""What is kept of a person: to be seen, taken along and erased."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field, SecretStr
from starlette.responses import StreamingResponse

from dataferry.api.deps import AccessToken, Current, RequestBody, TokenFirst, Wired
from dataferry.privacy.views import ErasureView, PersonalDataView

router = APIRouter(prefix="/api", tags=["accounts"], route_class=TokenFirst)

_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A zip file.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Email = Annotated[
    str, Field(max_length=320, description="Of the account that is erased, typed to confirm it")
]


class EraseMe(RequestBody):
    """That it is meant, and by its owner."""

    email: Email
    password: SecretStr


class EraseAccount(RequestBody):
    """Whose account an admin erases. ``password``: the admin's own; this machine's operator needs none."""

    email: Email
    password: SecretStr | None = None


@router.get("/me/data")
async def get_my_data(viewer: Current, wired: Wired) -> PersonalDataView:
    """What is kept of you, counted: what an erasure takes, and what stays and why."""
    return await wired.privacy.overview(viewer)


@router.get("/me/export", response_class=StreamingResponse, responses=_ZIP)
async def export_my_data(viewer: Current, wired: Wired) -> StreamingResponse:
    """All that is kept of you in one zip file: JSON, your uploads, and the files of your private datasets. It
    is made while it is sent: no copy is left here."""
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": 'attachment; filename="dataferry-export.zip"',
    }
    return StreamingResponse(wired.privacy.export(viewer), media_type="application/zip", headers=headers)


@router.delete("/me", status_code=HTTPStatus.ACCEPTED)
async def erase_me(body: EraseMe, session: AccessToken, wired: Wired) -> ErasureView:
    """Erase your account and all that is yours. You are signed out everywhere at once; the rest goes within
    moments, also if the server stops meanwhile. Nothing brings it back."""
    return await wired.privacy.erase_own(session, body.email, body.password.get_secret_value())


@router.post("/erasures", status_code=HTTPStatus.ACCEPTED)
async def erase_account(body: EraseAccount, session: AccessToken, wired: Wired) -> ErasureView:
    """Erase the account of somebody else, and all that is theirs. For admins."""
    password = body.password.get_secret_value() if body.password is not None else None
    return await wired.privacy.erase_other(session, body.email, password)


@router.get("/erasures/{erasure_id}")
async def get_erasure(erasure_id: Annotated[str, Path(max_length=64)], wired: Wired) -> ErasureView:
    """Whether an erasure has ended, for whoever began it: the account that could ask is gone by then."""
    return await wired.privacy.erasure(erasure_id)
