"""What the drivers of remotes raise, in plain words and without a secret."""

import errno
import re
from urllib.parse import urlsplit, urlunsplit

from dataferry.core.errors import (
    ConfigError,
    CredentialRejected,
    DataferryError,
    DiskFull,
    NotFound,
    SourceError,
    SourceNotConfigured,
    SourceTimeout,
    SourceUnreachable,
)

#: By the names of classes, so that no driver has to be imported.
_NO_CREDENTIALS = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "DefaultCredentialsError",
    "TokenRetrievalError",
}
_WRONG_SETTING = {
    "ProfileNotFound",
    "ConfigParseError",
    "NoRegionError",
    "InvalidEndpointDiscoveryConfigurationError",
}
_UNKNOWN_HOST = {"HostKeyNotVerifiable"}
_REFUSED = {"PermissionDenied", "SFTPPermissionDenied", "RefreshError"}
_TIMEOUT = {"ReadTimeoutError", "ConnectTimeoutError", "ServerTimeoutError", "FSTimeoutError"}
_NETWORK = {
    "HTTPClientError",
    "EndpointConnectionError",
    "ClientError",
    "ClientConnectionError",
    "ClientPayloadError",
    "ConnectionLost",
    "DisconnectError",
    "ChannelOpenError",
    "SFTPConnectionLost",
    "HttpError",
}
_PASSWORD = re.compile(r"(://[^\s/@:]*):[^\s/@]+@")
_SECRET = re.compile(r"((?:signature|credential|token|secret|key|password)[\w-]*=)[^\s&'\"]+", re.IGNORECASE)


def shown_url(url: str) -> str:
    """The address without a password, and without what stands behind ``?`` or ``#``."""
    parts = urlsplit(url)
    if not parts.scheme:
        return url
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, user.partition(":")[0] + at + host, parts.path, "", ""))


def without_secrets(text: str) -> str:
    """One line of a driver's message, without what may be secret."""
    line = " ".join(text.split())
    return _SECRET.sub(r"\1…", _PASSWORD.sub(r"\1@", line))[:300].rstrip(".")


def _is_refused_by_gcs(error: BaseException) -> bool:
    """gcsfs says so in an ``HttpError`` with a code, or in the text of a bare ``OSError``."""
    return getattr(error, "code", None) in (401, 403) or str(error).startswith("Forbidden: ")


def told(error: BaseException, where: str, name: str) -> DataferryError:
    """``where``: the remote as a person knows it; ``name``: what it is called in index.py."""
    if isinstance(error, DataferryError):
        return error
    kinds = {kind.__name__ for kind in type(error).__mro__}
    words = without_secrets(str(error)) or type(error).__name__
    if kinds & _NO_CREDENTIALS:
        return SourceNotConfigured(
            f"There are no credentials for {where}.",
            next_step="Sign in with its own tool (aws configure, gcloud auth application-default login), or "
            f"name a profile: git config datasets.remote.{name}.profile NAME",
        )
    if kinds & _WRONG_SETTING:
        return ConfigError(
            f"{where}: {words}.", next_step=f"Correct datasets.remote.{name} in git's configuration."
        )
    if kinds & _UNKNOWN_HOST:
        return ConfigError(
            f"{where} shows a key that is not known here.",
            next_step="Connect to it with ssh once and compare the key; or name a file of known keys: "
            f"git config datasets.remote.{name}.knownhosts FILE",
        )
    if isinstance(error, PermissionError) or kinds & _REFUSED or _is_refused_by_gcs(error):
        return CredentialRejected(
            f"{where} refuses access: {words}.",
            next_step="Look whether your credentials are the right ones, and ask its owner for the right to "
            "list, read and write there.",
        )
    if isinstance(error, FileNotFoundError):
        return NotFound(
            f"{where} is not there: {words}.",
            next_step=f"Create it, or correct its address: git config datasets.remote.{name}.url",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{where} is full.", next_step="Free some space there, then do it again: it goes on.")
    if isinstance(error, TimeoutError) or kinds & _TIMEOUT:
        return SourceTimeout(
            f"{where} does not answer in time.",
            next_step="Do it again later: what has arrived is kept.",
        )
    if isinstance(error, (ConnectionError, OSError)) or kinds & _NETWORK:
        return SourceUnreachable(
            f"{where} cannot be reached: {words}.",
            next_step="Look at the network and the address, then do it again: what has arrived is kept.",
        )
    return SourceError(f"{where}: {words}.", next_step="Do it again: what has arrived is kept.")
