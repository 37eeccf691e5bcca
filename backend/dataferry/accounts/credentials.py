"""What to show a source on whose behalf: the person's own credential, the server's, or none."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from dataferry.accounts.models import StoredCredential
from dataferry.accounts.pasted_keys import read_kaggle_key, read_key
from dataferry.accounts.security import Secrets
from dataferry.core.db import Database, now
from dataferry.core.errors import ConfigError
from dataferry.core.inserts import insert_or_replace
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread
from dataferry.core.types import SOURCE_LABELS, SOURCE_NAMES, Credential, SourceName

log = logging.getLogger(__name__)


def server_credentials(settings: Settings) -> Mapping[SourceName, Credential]:
    """The operator's credentials, from the settings; a source without one is left out."""
    found: dict[SourceName, Credential] = {}
    if settings.kaggle_api_token is not None:
        token = settings.kaggle_api_token.get_secret_value()
        found["kaggle"] = Credential("kaggle", "server", None, token)
    elif settings.kaggle_username and settings.kaggle_key is not None:
        key = settings.kaggle_key.get_secret_value()
        found["kaggle"] = Credential("kaggle", "server", settings.kaggle_username, key)
    if settings.hf_token is not None:
        token = settings.hf_token.get_secret_value()
        found["huggingface"] = Credential("huggingface", "server", None, token)
    return found


def read_credential(source: SourceName, pasted: str, username: str | None) -> Credential:
    """A person's own credential from what they pasted. Errors: ``InvalidInput``."""
    if source == "kaggle":
        given = read_kaggle_key(pasted, username)
        return Credential(source, "user", given.username, given.secret)
    return Credential(source, "user", None, read_key(pasted, SOURCE_LABELS[source]))


#: How exactly it is told when a key was last used: each request would else be a write.
_USE_INTERVAL = timedelta(minutes=10)


class CredentialResolver:
    """A person's own credential first, then the server's, then none. That their own was taken for a request
    is written down now and then."""

    def __init__(self, database: Database, settings: Settings, secrets: Secrets) -> None:
        self._database = database
        self._secrets = secrets
        self._server = server_credentials(settings)
        self._noted: dict[tuple[str, str], datetime] = {}
        self._noting: set[asyncio.Task[None]] = set()

    def resolve(self, source: SourceName, user_ids: Sequence[str] = ()) -> Credential:
        """The credential for a request of these people: the first of them who has one. Blocks."""
        found, whose = self._database.read(self._resolve, source, user_ids)
        if whose is not None and self._is_worth_noting(found, whose):
            self._note_use(source, whose)
        return found

    async def find(self, source: SourceName, user_id: str) -> Credential:
        """The credential for a request of one person."""
        found, whose = await self._database.run_read(self._resolve, source, [user_id])
        if whose is not None and self._is_worth_noting(found, whose):
            self._note_use_beside(source, whose)
        return found

    async def all(self, user_id: str, *, to_use: bool = True) -> dict[SourceName, Credential]:
        """One credential for each source; without ``to_use`` to tell of them only."""

        def read(session: Session) -> dict[SourceName, Credential]:
            return {source: self._resolve(session, source, [user_id])[0] for source in SOURCE_NAMES}

        found = await self._database.run_read(read)
        for source, credential in found.items():
            if to_use and self._is_worth_noting(credential, user_id):
                self._note_use_beside(source, user_id)
        return found

    async def keep(self, user_id: str, credential: Credential) -> None:
        """Keep a person's own credential, sealed, in place of the one before."""
        row = StoredCredential(
            user_id=user_id,
            source=credential.source,
            username=credential.username,
            secret=self._secrets.encrypt(credential.secret or ""),
            updated_at=now(),
            last_used_at=None,
        )
        await self._database.run(insert_or_replace, row)
        self._noted.pop((user_id, credential.source), None)

    async def forget(self, user_id: str, source: SourceName) -> None:
        """Delete a person's own credential; there need be none."""

        def write(session: Session) -> None:
            stored = session.get(StoredCredential, (user_id, source))
            if stored is not None:
                session.delete(stored)

        await self._database.run(write)

    def _is_worth_noting(self, credential: Credential, user_id: str) -> bool:
        if credential.origin != "user":
            return False
        # What could not be written down just now is not tried again with each request.
        noted = self._noted.get((user_id, credential.source))
        return all(
            one is None or abs(now() - one) >= _USE_INTERVAL for one in (noted, credential.last_used_at)
        )

    def _note_use_beside(self, source: SourceName, user_id: str) -> None:
        """The same while the request goes on: it does not wait for a database that is busy."""
        self._noted[user_id, source] = now()
        task = asyncio.create_task(in_thread("short", self._note_use, source, user_id))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def close(self) -> None:
        """Wait for what is being written down."""
        await asyncio.gather(*self._noting, return_exceptions=True)

    def _note_use(self, source: SourceName, user_id: str) -> None:
        """Write down that it is used just now. Blocks."""

        def write(session: Session) -> None:
            stored = session.get(StoredCredential, (user_id, source))
            if stored is not None:
                stored.last_used_at = now()
                session.add(stored)

        self._noted[user_id, source] = now()
        try:
            self._database.call(write)
        except Exception as fault:  # the database can be read: the request goes on all the same
            log.warning("The use of a key was not written down: %r", fault)

    def _resolve(
        self, session: Session, source: SourceName, user_ids: Sequence[str]
    ) -> tuple[Credential, str | None]:
        """The credential, and whose own it is."""
        query = select(StoredCredential).where(
            StoredCredential.source == source, col(StoredCredential.user_id).in_(user_ids)
        )
        stored = {one.user_id: one for one in session.exec(query)}
        for user_id in user_ids:
            if user_id in stored:
                own = stored[user_id]
                try:
                    secret = self._secrets.decrypt(own.secret)
                    return Credential(source, "user", own.username, secret, own.last_used_at), user_id
                except ConfigError:  # sealed with another SECRET_KEY: as good as none, until it is set again
                    log.warning("the %s key of %s cannot be read with this SECRET_KEY", source, user_id)
        return self._server.get(source, Credential(source)), None
