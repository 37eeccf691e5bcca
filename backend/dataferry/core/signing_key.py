"""The secret that everything this server signs or seals is derived from."""

import os
import secrets

from dataferry.core.private_files import make_private_folder
from dataferry.core.settings import Settings


def signing_key(settings: Settings) -> bytes:
    """The root secret: the setting, or a file in the data folder (mode 0600) made at first start."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.data_dir / "secret.key"
    if not path.exists():
        make_private_folder(settings.data_dir)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_bytes()
