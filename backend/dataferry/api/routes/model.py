"""The language model: which one answers, and an admin's form for it and its key."""

from fastapi import APIRouter
from pydantic import Field, SecretStr

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.chat.model_setup import ModelView

router = APIRouter(prefix="/api/model", tags=["model"], route_class=TokenFirst)


class ModelRequest(RequestBody):
    """``model``: a Gemini model's name, empty for the usual one. ``key``: left out, the kept one stays.
    ``untested``: keep it also where it cannot be reached now, or its limit is used up."""

    model: str = Field("", max_length=200)
    key: SecretStr | None = Field(None, max_length=4000)
    untested: bool = False


class ModelKeyRequest(RequestBody):
    """``key``: left out, the kept one."""

    key: SecretStr | None = Field(None, max_length=4000)


class ModelList(RequestBody):
    """Names, as Google lists them."""

    models: list[str]


@router.get("")
async def get_model(viewer: Current, wired: Wired) -> ModelView:
    """Which model answers. Admins are told where it is set and whether it has a key, never the key."""
    return await wired.model.view(viewer)


@router.put("")
async def save_model(body: ModelRequest, viewer: Current, wired: Wired) -> ModelView:
    """Use a Gemini model (admins). It is asked for a greeting first; its key is kept sealed."""
    return await wired.model.save(viewer, body.model, _plain(body.key), untested=body.untested)


@router.delete("")
async def remove_model(viewer: Current, wired: Wired) -> ModelView:
    """Delete the model that was chosen on the page, and its key (admins)."""
    return await wired.model.remove(viewer)


@router.post("/test")
async def test_model(viewer: Current, wired: Wired) -> ModelView:
    """Ask the model for a greeting (admins)."""
    return await wired.model.test(viewer)


@router.post("/list")
async def list_models(body: ModelKeyRequest, viewer: Current, wired: Wired) -> ModelList:
    """The Gemini models that a key may use (admins)."""
    return ModelList(models=await wired.model.list_models(viewer, _plain(body.key)))


def _plain(key: SecretStr | None) -> str | None:
    return None if key is None else key.get_secret_value()
