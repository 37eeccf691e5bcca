"""The operator's access token, kept for the next command.

To make one takes the database and what speaks to it: half a second of imports, longer than all else that a
command does. The file is as private as the key beside it, from which anyone who may read it could make one.
"""

import contextlib
import json
import os
import secrets
import time
from pathlib import Path

from dataferry.core.settings import Settings

#: Seconds before its end from which a token is no longer used.
_MARGIN_S = 60.0


def read_token(settings: Settings) -> str | None:
    """The token that was kept, while it is good; None where there is none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(_path(settings).read_text())
        if kept["until"] > time.time() + _MARGIN_S and kept["database"] == settings.sqlalchemy_url:
            return str(kept["token"])
    return None


def keep_token(settings: Settings, token: str) -> None:
    """Keep a token that was just made. Not where its key is no file of the data folder: who may read the
    folder may not know that key."""
    if settings.secret_key is not None or not settings.embedded:
        return
    kept = {
        "token": token,
        "until": time.time() + settings.access_token_s,
        "database": settings.sqlalchemy_url,
    }
    path = _path(settings)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):  # the next command makes one of its own
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(kept, file)
        os.replace(fresh, path)


def _path(settings: Settings) -> Path:
    return settings.data_dir / "operator.token"
