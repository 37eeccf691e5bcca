"""What to show a source on whose behalf: the person's own credential, the server's, or none."""

from collections.abc import Sequence

from dataferry.core.settings import Settings
from dataferry.core.types import SOURCE_NAMES, Credential, SourceName


class CredentialResolver:
    """Today the server's own credentials, from the settings; else anonymous."""

    def __init__(self, settings: Settings) -> None:
        self._server: dict[SourceName, Credential] = {}
        if settings.kaggle_api_token is not None:
            token = settings.kaggle_api_token.get_secret_value()
            self._server["kaggle"] = Credential("kaggle", "server", None, token)
        elif settings.kaggle_username and settings.kaggle_key is not None:
            key = settings.kaggle_key.get_secret_value()
            self._server["kaggle"] = Credential("kaggle", "server", settings.kaggle_username, key)
        if settings.hf_token is not None:
            token = settings.hf_token.get_secret_value()
            self._server["huggingface"] = Credential("huggingface", "server", None, token)

    def resolve(self, source: SourceName, user_ids: Sequence[str] = ()) -> Credential:
        """The credential for a request of these people, most telling first."""
        return self._server.get(source, Credential(source))

    def all(self, user_id: str) -> dict[SourceName, Credential]:
        """One credential for each source."""
        return {source: self.resolve(source, [user_id]) for source in SOURCE_NAMES}
