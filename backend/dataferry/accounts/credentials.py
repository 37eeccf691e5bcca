"""What to show a source on whose behalf: the person's own credential, the server's, or none."""

import logging
from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from dataferry.accounts.models import StoredCredential
from dataferry.accounts.pasted_keys import read_kaggle_key, read_key
from dataferry.accounts.security import Secrets
from dataferry.core.db import Database, now
from dataferry.core.errors import ConfigError
from dataferry.core.settings import Settings
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


class CredentialResolver:
    """A person's own credential first, then the server's, then none."""

    def __init__(self, database: Database, settings: Settings, secrets: Secrets) -> None:
        self._database = database
        self._secrets = secrets
        self._server = server_credentials(settings)

    def resolve(self, source: SourceName, user_ids: Sequence[str] = ()) -> Credential:
        """The credential for a request of these people: the first of them who has one. Blocks."""
        return self._database.read(self._resolve, source, user_ids)

    async def find(self, source: SourceName, user_id: str) -> Credential:
        """The credential for a request of one person."""
        return await self._database.run_read(self._resolve, source, [user_id])

    async def all(self, user_id: str) -> dict[SourceName, Credential]:
        """One credential for each source."""

        def read(session: Session) -> dict[SourceName, Credential]:
            return {source: self._resolve(session, source, [user_id]) for source in SOURCE_NAMES}

        return await self._database.run_read(read)

    async def keep(self, user_id: str, credential: Credential) -> None:
        """Keep a person's own credential, sealed, in place of the one before."""

        def write(session: Session) -> None:
            session.merge(
                StoredCredential(
                    user_id=user_id,
                    source=credential.source,
                    username=credential.username,
                    secret=self._secrets.encrypt(credential.secret or ""),
                    updated_at=now(),
                )
            )

        await self._database.run(write)

    async def forget(self, user_id: str, source: SourceName) -> None:
        """Delete a person's own credential; there need be none."""

        def write(session: Session) -> None:
            stored = session.get(StoredCredential, (user_id, source))
            if stored is not None:
                session.delete(stored)

        await self._database.run(write)

    def _resolve(self, session: Session, source: SourceName, user_ids: Sequence[str]) -> Credential:
        query = select(StoredCredential).where(
            StoredCredential.source == source, col(StoredCredential.user_id).in_(user_ids)
        )
        stored = {one.user_id: one for one in session.exec(query)}
        for user_id in user_ids:
            if user_id in stored:
                own = stored[user_id]
                try:
                    return Credential(source, "user", own.username, self._secrets.decrypt(own.secret))
                except ConfigError:  # sealed with another SECRET_KEY: as good as none, until it is set again
                    log.warning("the %s key of %s cannot be read with this SECRET_KEY", source, user_id)
        return self._server.get(source, Credential(source))
