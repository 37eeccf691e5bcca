"""Keys, tokens and password hashes. The only file that knows python-jose and passlib."""

import asyncio
import base64
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jose import JWTError, jwt
from passlib.hash import argon2

from dataferry.core.db import now
from dataferry.core.errors import ConfigError, NotSignedIn
from dataferry.core.settings import Settings, signing_key

_ALGORITHM = "HS256"
_AUDIENCE = "dataferry"


class Secrets:
    """Everything that hangs on ``SECRET_KEY``: one subkey a purpose, by HKDF."""

    def __init__(self, settings: Settings) -> None:
        self._root = signing_key(settings)

    def subkey(self, purpose: str) -> bytes:
        """32 bytes for one purpose; knowing one tells nothing of the others."""
        return HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(self._root)

    def encrypt(self, text: str) -> str:
        """``text`` under AES-256-GCM, for a column."""
        nonce = os.urandom(12)
        sealed = AESGCM(self.subkey("column")).encrypt(nonce, text.encode(), None)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, sealed: str) -> str:
        """The inverse of ``encrypt``. Errors: ``ConfigError`` when the key is another one."""
        raw = base64.urlsafe_b64decode(sealed)
        try:
            return AESGCM(self.subkey("column")).decrypt(raw[:12], raw[12:], None).decode()
        except InvalidTag as error:
            raise ConfigError(
                "A stored link cannot be read with this SECRET_KEY.",
                next_step="Put the former key back, or start that download again.",
            ) from error


class AccessTokens:
    """Signs and checks access tokens: HS256 pinned, key of 32 bytes, ``exp`` required."""

    def __init__(self, secrets: Secrets, lifetime_s: int) -> None:
        self._key = secrets.subkey("access-token").hex()
        self.lifetime_s = lifetime_s

    def issue(self, user_id: str) -> str:
        issued = now()
        claims = {
            "sub": user_id,
            "aud": _AUDIENCE,
            "iat": issued,
            "exp": issued + timedelta(seconds=self.lifetime_s),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def user_id(self, token: str) -> str:
        """Whose token it is. Errors: ``NotSignedIn``."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require_exp": True, "require_sub": True, "require_aud": True},
            )
        except JWTError as error:
            raise NotSignedIn("The session has ended.", next_step="Sign in again.") from error
        return str(claims["sub"])


class Passwords:
    """Argon2 in threads of its own: a hash costs some 0.2 s of a core."""

    def __init__(self, *, rounds: int = 3, memory_kib: int = 65536) -> None:
        self._scheme = argon2.using(rounds=rounds, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        return str(await self._run(self._scheme.hash, password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether it is the password. With no account to compare with it takes as long."""
        if stored is None:
            if self._dummy is None:
                self._dummy = await self.hash("no such account")
            await self._run(self._scheme.verify, password, self._dummy)
            return False
        return bool(await self._run(self._scheme.verify, password, stored))

    def outdated(self, stored: str) -> bool:
        """Hashed with other parameters than today's."""
        return bool(self._scheme.needs_update(stored))

    async def _run(self, function: Any, *args: str) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
