"""What an operator may not have meant, told once at start."""

import logging
import os

from dataferry.core.connection_budget import demand
from dataferry.core.db import Database
from dataferry.core.private_files import mode_open_to_others
from dataferry.core.setting_names import unknown_settings
from dataferry.core.settings import Settings

log = logging.getLogger(__name__)


def warn(settings: Settings) -> None:
    """Write it to the log."""
    for sentence in unknown_settings():
        log.warning("%s", sentence)
    if os.environ.get("FORWARDED_ALLOW_IPS") and not settings.trusted_proxies:
        log.warning(
            "FORWARDED_ALLOW_IPS is not read. Set DATAFERRY_TRUSTED_PROXIES to the proxy's address: without"
            " it cookies are not Secure, and limits count the proxy for all who come through it."
        )
    mode = mode_open_to_others(settings.data_dir)
    if mode is not None:
        log.warning(
            "Other users of this machine may enter the data folder %s (mode %s). Its databases and keys are"
            " closed to them, its downloads may not be; `chmod 700` closes it, if nobody else reads there.",
            settings.data_dir,
            mode,
        )


def warn_of_connections(database: Database, settings: Settings) -> None:
    """Write it to the log where Postgres takes fewer connections than may be wanted now. Blocks."""
    if database.sqlite:
        return
    wanted = database.read(demand, settings, starting=True)
    if wanted.total > wanted.limit:
        log.warning(
            "Postgres may run out of connections: %s. Lower DATAFERRY_DATABASE_CONNECTIONS, or raise its"
            " max_connections.",
            wanted,
        )
