"""Keys, tokens and password hashes. The only file that knows python-jose and passlib."""

import asyncio
import base64
import os
import secrets as random
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jose import JWTError, jwt
from passlib.hash import argon2

from dataferry.core.db import now
from dataferry.core.errors import ConfigError, NotSignedIn
from dataferry.core.settings import Settings
from dataferry.core.signing_key import signing_key

P = ParamSpec("P")
T = TypeVar("T")

#: Characters. The upper end keeps a request from buying seconds of hashing.
PASSWORD_LENGTH = range(8, 1025)

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ALGORITHM = "HS256"
_ISSUER = _AUDIENCE = "dataferry"
_REQUIRED = ("iss", "aud", "sub")
#: What the clock of the process that issued a token may differ from that of the one that reads it, although
#: both go by the database's.
_LEEWAY_S = 5


class Secrets:
    """Everything that hangs on ``SECRET_KEY``: one subkey a purpose, by HKDF.

    Errors: ``ConfigError`` when the root key is shorter than 32 bytes.
    """

    def __init__(self, settings: Settings) -> None:
        self._root = signing_key(settings)
        if len(self._root) < _KEY_BYTES:
            raise ConfigError(
                f"The key in {settings.data_dir / 'secret.key'} is shorter than {_KEY_BYTES} bytes.",
                next_step="Restore the file, or remove it: a new one ends every session.",
            )

    def subkey(self, purpose: str) -> bytes:
        """32 bytes for one purpose; knowing one tells nothing of the others."""
        return HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=purpose.encode()).derive(self._root)

    def encrypt(self, text: str) -> str:
        """``text`` for a column: base64 of nonce and AES-256-GCM, different each time."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.subkey("column")).encrypt(nonce, text.encode(), None)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, sealed: str) -> str:
        """The inverse of ``encrypt``. Errors: ``ConfigError`` when the key is another one."""
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return (
                AESGCM(self.subkey("column")).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None).decode()
            )
        except (InvalidTag, ValueError) as error:
            raise ConfigError(
                "What was stored sealed cannot be read with this SECRET_KEY.",
                next_step="Put the former SECRET_KEY back, or enter it again.",
            ) from error


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. ``session_id`` is the family of refresh tokens that it was issued with, or the id
    of a personal token; None for a token that the CLI made for itself."""

    user_id: str
    session_id: str | None


class _Tokens:
    """Signs and checks the tokens of one kind, which have a key of their own.

    python-jose takes empty keys, tokens without an end and, where the algorithm is left open, public
    keys as secrets: so the algorithm is pinned, the key has 32 bytes and every claim is required.
    """

    kind: str

    def __init__(self, secrets: Secrets, lifetime_s: int) -> None:
        self._key = secrets.subkey(f"{self.kind}-token").hex()
        self.lifetime_s = lifetime_s

    def _sign(self, user_id: str, session_id: str | None, **others: str) -> str:
        issued = now()
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "typ": self.kind,
            "sub": user_id,
            "sid": session_id,
            "iat": issued,
            "exp": issued + timedelta(seconds=self.lifetime_s),
            **others,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def _verified(self, token: str) -> dict[str, Any]:
        """Errors: ``NotSignedIn`` for one that is forged, of another kind, or over."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=_ISSUER,
                # By this machine's clock, which may be wrong: it is looked at below. To require it here would
                # have it verified here as well.
                options={"verify_exp": False, **{f"require_{claim}": True for claim in _REQUIRED}},
            )
            over = now().timestamp() > int(claims["exp"]) + _LEEWAY_S
        except (JWTError, KeyError, TypeError, ValueError) as error:  # what is not even text raises others
            raise NotSignedIn("The session has ended.", next_step="Sign in again.") from error
        if over:
            raise NotSignedIn("The session has ended.", next_step="Sign in again.")
        if claims.get("typ") != self.kind:
            raise NotSignedIn("That token is of another kind.", next_step="Sign in again.")
        return claims


class AccessTokens(_Tokens):
    """What a client sends with each request."""

    kind = "access"

    def issue(self, user_id: str, session_id: str | None = None) -> str:
        return self._sign(user_id, session_id)

    def read(self, token: str) -> Claims:
        """What the token says. Errors: ``NotSignedIn``."""
        claims = self._verified(token)
        return Claims(str(claims["sub"]), claims.get("sid"))


class FileTokens(_Tokens):
    """What a browser sends, as a cookie, with its own downloads of one dataset's files: they bear no other
    header that a page could set."""

    kind = "file"

    def issue(self, claims: Claims, key: str) -> str:
        """For the dataset ``key``, as long as the session of ``claims`` lives."""
        return self._sign(claims.user_id, claims.session_id, key=key)

    def read(self, token: str, key: str) -> Claims:
        """What the token says. Errors: ``NotSignedIn``, also for one of another dataset."""
        claims = self._verified(token)
        if claims.get("key") != key:
            raise NotSignedIn(
                "The cookie is another dataset's.", next_step="Start it from the dataset's page."
            )
        return Claims(str(claims["sub"]), claims.get("sid"))


class TicketTokens(_Tokens):
    """What opens one socket."""

    kind = "ticket"

    def issue(self, claims: Claims) -> str:
        return self._sign(claims.user_id, claims.session_id, jti=random.token_urlsafe(16))

    def read(self, token: str) -> tuple[Claims, str]:
        """What the token says, and its own id. Errors: ``NotSignedIn``."""
        claims = self._verified(token)
        return Claims(str(claims["sub"]), claims.get("sid")), str(claims["jti"])


class Passwords:
    """Argon2id, in two threads of its own: a hash costs some 0.1 s of a core and ``memory_kib``.

    ``hash`` and ``verify`` block; ``run`` takes them off the event loop.
    """

    def __init__(self, *, rounds: int = 3, memory_kib: int = 65536) -> None:
        self._scheme = argon2.using(type="ID", rounds=rounds, memory_cost=memory_kib, parallelism=1)
        self._unmatchable_hash = _unmatchable_hash(rounds, memory_kib)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``function(…)`` in one of the threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))

    def hash(self, password: str) -> str:
        return str(self._scheme.hash(_normal(password)))

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether it is the password. With no account to compare with it takes as long."""
        if len(password) not in PASSWORD_LENGTH:
            password, stored = "", None
        return bool(self._scheme.verify(_normal(password), stored or self._unmatchable_hash))

    def outdated(self, stored: str) -> bool:
        """Hashed with other parameters than today's."""
        return bool(self._scheme.needs_update(stored))

    def close(self) -> None:
        self._threads.shutdown()


def _normal(password: str) -> bytes:
    """The same bytes for the same letters, whichever keyboard composed them (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")


def _unmatchable_hash(rounds: int, memory_kib: int) -> str:
    """A hash that no password has, as costly to compare with as a true one."""
    salt, digest = (base64.b64encode(random.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={rounds},p=1${salt}${digest}"
