"""Which language model answers: the one that the server's configuration names, else the one that an admin has
chosen on the page. Its key is kept sealed, as the hubs' are.

It is read for each answer, so that a change counts at once in every process.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import SecretStr
from sqlmodel import Session

from dataferry.accounts.security import Secrets
from dataferry.chat.models import StoredModel
from dataferry.core.db import Database, now
from dataferry.core.errors import ConfigError
from dataferry.core.inserts import insert_or_replace
from dataferry.core.settings import Settings

GEMINI = "google_genai:"
#: Google's own name for its current quick model, so that a retired one is never our default.
DEFAULT_MODEL = "google_genai:gemini-flash-latest"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """``provider:model`` and its key. ``server``: the configuration names it; ``page``: an admin chose it."""

    name: str
    origin: Literal["server", "page"] = "server"
    key: SecretStr | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeptModel:
    """What an admin has chosen on the page. ``key`` is None where it cannot be read with this SECRET_KEY."""

    name: str
    key: SecretStr | None = field(repr=False)
    tested_at: datetime | None
    updated_at: datetime


def chosen_model(settings: Settings) -> str | None:
    """``provider:model`` of the configuration; None: it names none, or turns models off."""
    if settings.model is not None:
        return None if settings.model == "planner" else settings.model
    return DEFAULT_MODEL if settings.google_api_key is not None else None


def is_set_by_server(settings: Settings) -> bool:
    """Whether the configuration decides. A Gemini model that it names without a key does not: the page's form
    has one."""
    if settings.google_api_key is not None:
        return True
    return settings.model is not None and not settings.model.startswith(GEMINI)


class ModelChoices:
    """The model to ask, and what an admin has kept of one. Without a database, the configuration's alone."""

    def __init__(
        self, settings: Settings, database: Database | None = None, secrets: Secrets | None = None
    ) -> None:
        self._settings = settings
        self._database = database
        self._secrets = secrets

    def current(self) -> ModelChoice | None:
        """The model to ask; None: the planner answers. Blocks."""
        kept = None if is_set_by_server(self._settings) else self.kept()
        return self._choose(kept)

    async def find(self) -> ModelChoice | None:
        """``current``, off the event loop."""
        kept = None if is_set_by_server(self._settings) else await self.find_kept()
        return self._choose(kept)

    def kept(self) -> KeptModel | None:
        """What an admin has chosen, also where the configuration comes before it. Blocks."""
        return self._database.read(self._read) if self._database is not None else None

    async def find_kept(self) -> KeptModel | None:
        """``kept``, off the event loop."""
        return await self._database.run_read(self._read) if self._database is not None else None

    async def keep(self, name: str, key: str, *, tested: bool) -> None:
        """Keep a model and its key, in place of the one before."""
        assert self._database is not None
        assert self._secrets is not None
        sealed = self._secrets.encrypt(key)
        row = StoredModel(
            id=1, name=name, secret=sealed, tested_at=now() if tested else None, updated_at=now()
        )
        await self._database.run(insert_or_replace, row)

    async def note_test(self, choice: ModelChoice) -> None:
        """Note that the kept model has answered just now."""
        assert self._database is not None

        def write(session: Session) -> None:
            row = session.get(StoredModel, 1)
            if row is not None and row.name == choice.name:
                row.tested_at = now()
                session.add(row)

        await self._database.run(write)

    async def forget(self) -> None:
        """Delete the model and its key; there need be none."""
        assert self._database is not None

        def write(session: Session) -> None:
            row = session.get(StoredModel, 1)
            if row is not None:
                session.delete(row)

        await self._database.run(write)

    def _choose(self, kept: KeptModel | None) -> ModelChoice | None:
        if kept is not None:
            # An operator turns models off for good.
            return None if self._settings.model == "planner" else ModelChoice(kept.name, "page", kept.key)
        name = chosen_model(self._settings)
        return ModelChoice(name, "server", self._settings.google_api_key) if name is not None else None

    def _read(self, session: Session) -> KeptModel | None:
        row = session.get(StoredModel, 1)
        if row is None:
            return None
        assert self._secrets is not None
        try:
            key = SecretStr(self._secrets.decrypt(row.secret))
        except ConfigError:  # it was sealed with another SECRET_KEY
            key = None
        return KeptModel(row.name, key, row.tested_at, row.updated_at)
