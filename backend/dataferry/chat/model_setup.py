"""Choosing the language model on the page: an admin names one and its key, and it is tried first."""

import logging
import re
from datetime import datetime
from typing import Literal

import httpx
from pydantic import SecretStr

from dataferry.accounts.pasted_keys import read_key
from dataferry.chat.agent import MODEL_SCREEN, probe_model
from dataferry.chat.events import Failure, ModelFailed
from dataferry.chat.model_choice import (
    DEFAULT_MODEL,
    GEMINI,
    KeptModel,
    ModelChoice,
    ModelChoices,
    is_set_by_server,
)
from dataferry.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    ModelError,
    ModelKeyRejected,
    ModelLimited,
    ModelUnreachable,
    UnknownModel,
)
from dataferry.core.settings import Settings
from dataferry.core.types import View, Viewer

log = logging.getLogger(__name__)

#: Somebody waits for it: less than an answer may take.
TEST_TIMEOUT_S = 20.0
_LIST_TIMEOUT_S = 8.0
_GOOGLE = "https://generativelanguage.googleapis.com"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ERRORS: dict[Failure, type[ModelError]] = {
    "key": ModelKeyRejected,
    "limit": ModelLimited,
    "model": UnknownModel,
    "unreachable": ModelUnreachable,
}


def model_error(failure: ModelFailed) -> ModelError:
    """The same for who asked over the API."""
    return _ERRORS.get(failure.kind, ModelError)(str(failure))


Origin = Literal["server", "page", "none"]


class ModelView(View):
    """Which model answers. Of its key only whether there is one; to others than admins not even that.

    ``origin``: ``server`` (its configuration names it, and nothing on the page changes that), ``page`` (an
    admin chose it), ``none`` (keyword search answers).
    """

    model: str | None
    origin: Origin
    can_change: bool = False
    has_key: bool = False
    tested_at: datetime | None = None
    updated_at: datetime | None = None
    default_model: str = DEFAULT_MODEL.removeprefix(GEMINI)
    #: What the server's configuration sets, where it decides.
    setting: str | None = None


class ModelSetup:
    """For admins; others may only look. Errors of all that change: ``Forbidden``; ``Conflict`` where the
    configuration decides."""

    def __init__(self, choices: ModelChoices, settings: Settings) -> None:
        self._choices = choices
        self._settings = settings

    async def view(self, viewer: Viewer) -> ModelView:
        """Which model answers, as far as the viewer may know."""
        choice = await self._choices.find()
        by_server = self._decided_by_server
        origin: Origin = "server" if by_server else choice.origin if choice else "none"
        name = choice.name if choice else None
        if not viewer.admin:
            return ModelView(model=name, origin=origin)
        kept = None if by_server else await self._choices.find_kept()
        return ModelView(
            model=name,
            origin=origin,
            can_change=not by_server,
            has_key=choice is not None and choice.key is not None,
            tested_at=kept.tested_at if kept else None,
            updated_at=kept.updated_at if kept else None,
            setting=self._setting if by_server else None,
        )

    async def save(self, viewer: Viewer, name: str, key: str | None, *, untested: bool = False) -> ModelView:
        """Keep a Gemini model and its key once it has answered; without ``key`` the one that is kept.

        ``untested``: keep it also where it cannot be reached, or its limit is used up. Errors:
        ``InvalidInput``; the ``ModelError`` family, and then nothing is kept.
        """
        self._check_change(viewer)
        choice = ModelChoice(GEMINI + _model_name(name), "page", await self._key(key))
        assert choice.key is not None
        tested = True
        try:
            await self._try(choice)
        except (ModelUnreachable, ModelLimited):
            if not untested:
                raise
            tested = False
        await self._choices.keep(choice.name, choice.key.get_secret_value(), tested=tested)
        log.info("the model is %s from now on", choice.name)
        return await self.view(viewer)

    async def test(self, viewer: Viewer) -> ModelView:
        """Ask the model for a greeting. Errors: ``Conflict`` where none is set; ``ModelError``."""
        _check_admin(viewer)
        choice = await self._choices.find()
        if choice is None:
            raise Conflict("No model is set.", next_step="Choose one first.", screen=MODEL_SCREEN)
        await self._try(choice)
        if choice.origin == "page":
            await self._choices.note_test(choice)
        return await self.view(viewer)

    async def remove(self, viewer: Viewer) -> ModelView:
        """Delete the model that was chosen on the page, and its key."""
        self._check_change(viewer)
        await self._choices.forget()
        log.info("no model was chosen on the page from now on")
        return await self.view(viewer)

    async def list_models(self, viewer: Viewer, key: str | None) -> list[str]:
        """The Gemini models that a key may use, as Google lists them. Errors: the ``ModelError`` family."""
        self._check_change(viewer)
        secret = (await self._key(key)).get_secret_value()
        address = f"{self._settings.google_gemini_base_url or _GOOGLE}/v1beta/models"
        try:
            async with httpx.AsyncClient(timeout=_LIST_TIMEOUT_S) as client:
                answer = await client.get(
                    address, params={"pageSize": 1000}, headers={"x-goog-api-key": secret}
                )
        except httpx.HTTPError as error:
            raise ModelUnreachable("Google's list of models cannot be reached.") from error
        if answer.status_code in (400, 401, 403):
            raise ModelKeyRejected("The model refuses the key.")
        try:
            listed = answer.raise_for_status().json()["models"]
            return [_short_name(one["name"]) for one in listed if _answers_chats(one)]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ModelUnreachable("Google's list of models cannot be read.") from error

    @property
    def _decided_by_server(self) -> bool:
        return is_set_by_server(self._settings) or self._settings.model == "planner"

    @property
    def _setting(self) -> str:
        return "DATAFERRY_MODEL" if self._settings.model is not None else "GOOGLE_API_KEY"

    def _check_change(self, viewer: Viewer) -> None:
        _check_admin(viewer)
        if self._decided_by_server:
            raise Conflict(
                "The model is set by the server's configuration, which comes first.",
                next_step="Take it out there to choose one here.",
                setting=self._setting,
            )

    async def _key(self, pasted: str | None) -> SecretStr:
        """The key that was pasted, else the one that is kept. Errors: ``InvalidInput``."""
        if pasted is not None and pasted.strip():
            return SecretStr(read_key(pasted, "Gemini"))
        kept: KeptModel | None = await self._choices.find_kept()
        if kept is None:
            raise InvalidInput("There is no key yet.", next_step="Paste your Gemini key.")
        if kept.key is None:
            raise InvalidInput(
                "The key that was kept cannot be read any more: the server's SECRET_KEY is another one.",
                next_step="Paste your Gemini key again.",
            )
        return kept.key

    async def _try(self, choice: ModelChoice) -> None:
        """Errors: the ``ModelError`` family, in the model's own words for people."""
        try:
            await probe_model(choice, self._settings, TEST_TIMEOUT_S)
        except ModelFailed as failure:
            raise model_error(failure) from failure


def _check_admin(viewer: Viewer) -> None:
    if not viewer.admin:
        raise Forbidden("Only an admin can change the model.", next_step="Ask an admin of this server.")


def _model_name(given: str) -> str:
    """A model's name as people write it: with Google's ``models/`` or our provider before it. Errors:
    ``InvalidInput``."""
    name = given.strip().removeprefix(GEMINI).removeprefix("models/") or DEFAULT_MODEL.removeprefix(GEMINI)
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "That is not the name of a Gemini model.",
            next_step=f"Write it as {DEFAULT_MODEL.removeprefix(GEMINI)}.",
        )
    return name


def _short_name(listed: str) -> str:
    return listed.removeprefix("models/")


def _answers_chats(listed: dict[str, list[str]]) -> bool:
    methods = listed.get("supportedGenerationMethods", [])
    return "generateContent" in methods and _short_name(str(listed["name"])).startswith("gemini")
