"""``--server URL``: the commands against a server of another machine or a container, with a token of it."""

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dataferry.core.errors import ConfigError, DataferryError, InvalidInput, NetworkFault, NotSignedIn
from dataferry.core.settings import Settings

if TYPE_CHECKING:
    import httpx

    from dataferry.client.server import Tell

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_GIVE_IT = "and give it as DATAFERRY_TOKEN or with --token-file."


class RemoteServer:
    """A server that is found by its address alone."""

    background = False

    def __init__(self, settings: Settings, user: str | None, tell: "Tell") -> None:
        """Errors: ``ConfigError`` without a token, ``InvalidInput`` for a user of this machine."""
        assert settings.server is not None
        self.address = settings.server
        if user is not None:
            raise InvalidInput(
                "--as is for accounts in the data folder of this machine.",
                next_step=f"Make a token of that account at {self.address}, {_GIVE_IT}",
            )
        if settings.token is None:
            raise ConfigError(
                f"The server at {self.address} wants a token.",
                next_step=f"Make one on its page or with `dataferry tokens create` there, {_GIVE_IT}",
            )
        self._token = settings.token.get_secret_value()
        parts = urlsplit(self.address)
        self.host = parts.hostname or ""
        self.encrypted = parts.scheme == "https"
        if not self.encrypted and self.host not in _LOOPBACK:
            tell(f"The token goes to {self.host} unencrypted. Use https:// where the server has it.")

    def find(self) -> bool:
        return False

    def token(self, *, renew: bool = False) -> str:
        return self._token

    def tls_context(self) -> ssl.SSLContext | None:
        """Trusts what this machine does, or SSL_CERT_FILE; None without encryption."""
        if not self.encrypted:
            return None
        from dataferry.transfer.http.connector import tls_context

        return tls_context()

    def refused(self) -> DataferryError:
        """The error for a token that is not good."""
        return NotSignedIn(
            f"The server at {self.address} refuses the token: it is wrong, has ended or was revoked.",
            next_step=f"Make another one there, {_GIVE_IT}",
        )


def unanswered(address: str, error: BaseException) -> DataferryError:
    """The error for a server that could not be spoken with."""
    fault: BaseException | None = error
    while fault is not None and not isinstance(fault, ssl.SSLError):
        fault = fault.__cause__ or fault.__context__
    if isinstance(fault, ssl.SSLCertVerificationError):
        return NetworkFault(
            f"The certificate of {address} is not trusted: {fault.verify_message}.",
            next_step="If it is your own, set SSL_CERT_FILE to its authority's certificate.",
        )
    if isinstance(fault, ssl.SSLError):
        return NetworkFault(f"What answers at {address} does not speak HTTPS.", next_step="Try http://.")
    return NetworkFault(
        f"The server at {address} does not answer.", next_step="Check that it runs, and its address."
    )


def was_cut_off(response: "httpx.Response") -> bool:
    """Whether a server that ends has given a request up: its own errors are JSON."""
    return response.is_server_error and "json" not in response.headers.get("content-type", "")


def no_api(address: str, response: "httpx.Response") -> DataferryError:
    """The error for an answer that Dataferry does not give, such as a proxy's or another program's."""
    leads = response.headers.get("location")
    if response.is_redirect and leads:
        return NetworkFault(
            f"The server at {address} sends to {leads}.", next_step="Name it by that address, if it is yours."
        )
    return NetworkFault(
        f"What answers at {address} is no Dataferry server (status {response.status_code}).",
        next_step="Check the address, and the proxy before the server.",
    )
