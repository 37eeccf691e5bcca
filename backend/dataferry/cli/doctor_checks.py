"""What ``dataferry doctor`` looks at on this machine. Nothing is made, changed or written to."""

import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import Session

from dataferry.accounts.security import Secrets
from dataferry.chat.model_choice import GEMINI, ModelChoice, ModelChoices
from dataferry.cli.findings import Doubtful
from dataferry.core.connection_budget import demand
from dataferry.core.db import Database
from dataferry.core.errors import ConfigError, DiskFull, NetworkFault, StoreNotWritable
from dataferry.core.lock import read_owner
from dataferry.core.migrate import check_version, newest_version
from dataferry.core.private_files import mode_open_to_others
from dataferry.core.setting_names import unknown_settings
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_bytes
from dataferry.sources.index.manifest import IndexUnusable, read_manifest

#: Of a look at the whole database.
_INTEGRITY_S = 20.0
_STEPS_BETWEEN_LOOKS = 100_000
_SERVER_TIMEOUT_S = 5.0
#: Less than that on the data folder's disk, and the next message may not be stored.
_LEAST_FREE_BYTES = 50_000_000
#: The hubs change daily: such an index was last built long ago.
_OLD_INDEX = timedelta(days=30)
_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def check_names() -> str:
    """Errors: ``ConfigError`` naming every misspelt setting."""
    unknown = list(unknown_settings())
    if unknown:
        raise ConfigError(" ".join(unknown), next_step="Correct it, or take it out; it is not read.")
    return "every name is known"


def check_data_folder(settings: Settings) -> str:
    folder = settings.data_dir
    if not os.path.lexists(folder):
        _check_can_be_made(folder, "DATAFERRY_DATA_DIR")
        return f"{folder}, not there yet: the first start makes it"
    if not folder.is_dir():
        raise ConfigError(
            f"{folder} is no folder.", next_step="Move it away, or set DATAFERRY_DATA_DIR to another one."
        )
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise ConfigError(
            f"{folder} belongs to user {owner}, and this is user {os.geteuid()}.",
            next_step="Run as its owner, or set DATAFERRY_DATA_DIR to a folder of your own.",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(
            f"{folder} cannot be written.", next_step="Make it writable for its owner: chmod u+rwx."
        )
    _check_room(folder, _LEAST_FREE_BYTES)
    mode = mode_open_to_others(folder)
    if mode is not None:
        raise Doubtful(
            f"{folder} may be entered by other users of this machine (mode {mode}).",
            next_step=f"If nobody else reads there: chmod 700 {folder}",
        )
    return f"{folder}, for its owner alone"


def check_store(settings: Settings) -> str:
    folder = settings.store
    there = folder.is_dir()
    if not there:
        if os.path.lexists(folder):
            raise StoreNotWritable(f"{folder} is no folder.", setting="DOWNLOAD_PATH")
        _check_can_be_made(folder, "DOWNLOAD_PATH")
    elif not os.access(folder, os.W_OK | os.X_OK):
        raise StoreNotWritable(
            f"The downloads folder {folder} cannot be written.",
            next_step="Give it to this user, or choose another folder.",
            setting="DOWNLOAD_PATH",
        )
    words = _check_room(folder, settings.min_free_bytes)
    return f"{folder}, {words}" + ("" if there else "; the first start makes it")


def _check_can_be_made(folder: Path, setting: str) -> None:
    above = _nearest(folder)
    if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
        raise ConfigError(
            f"{folder} cannot be made: {above} cannot be written.",
            next_step=f"Give it to this user, or set {setting} to another folder.",
        )


def _check_room(folder: Path, least: int) -> str:
    usage = shutil.disk_usage(_nearest(folder))
    words = f"{readable_bytes(usage.free)} of {readable_bytes(usage.total)} free"
    if usage.free < least:
        raise DiskFull(
            f"Of the disk under {folder} only {words}, less than {readable_bytes(least)}.",
            next_step="Free some: `dataferry library REF --delete` deletes a dataset.",
        )
    return words


def _nearest(path: Path) -> Path:
    """The path, or what is there of it."""
    return next(place for place in (path, *path.parents) if os.path.lexists(place))


def check_index(settings: Settings) -> str:
    try:
        manifest = read_manifest(settings.index_folder)
    except IndexUnusable as error:
        raise Doubtful(
            f"The search index is not used: {error}.", next_step="Build it again: `dataferry index build`."
        ) from error
    if manifest is None:
        return "none, searches go to the hubs; `dataferry index build` makes one"
    words = f"{manifest.datasets:,} datasets, {readable_bytes(manifest.bytes)}"
    if manifest.snapshot_at is not None:
        words = f"{words}, as of {manifest.snapshot_at:%Y-%m-%d}"
    if manifest.built_at is not None and datetime.now(UTC) - manifest.built_at > _OLD_INDEX:
        raise Doubtful(f"The search index is old: {words}.", next_step="`dataferry index update`")
    every = settings.index_update_h
    return f"{words}; " + (f"updated every {every:g} h" if every else "never updated by itself")


def check_database(settings: Settings) -> str:
    if not settings.embedded:
        return _check_postgres(settings)
    path = _sqlite_path(settings)
    if not path.exists():
        return f"{path}, not there yet: the first start makes it"
    try:
        connection = sqlite3.connect(_read_only(path), uri=True, timeout=5)
        try:
            _check_integrity(connection, path)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _damaged(path, str(error)) from error
    return f"{path}, {_version(_opened(settings))}"


def _check_integrity(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite's quick check, for some seconds: a large file takes longer, and its beginning is looked at."""
    deadline = time.monotonic() + _INTEGRITY_S
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
    try:
        [(found,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return
        raise
    if found != "ok":
        raise _damaged(path, found.partition("\n")[2] or found)


def _damaged(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"The database {path} cannot be read: {why}.",
        next_step="Stop the server, keep a copy of the file, and restore the backup (docs/operating.md).",
    )


def _version(database: Database) -> str:
    """Whether the schema is this program's. Errors: ``ConfigError`` for a newer one."""

    def read(session: Session) -> str:
        check_version(session)
        return str(session.connection().execute(text("SELECT version_num FROM alembic_version")).scalar())

    try:
        found = database.read(read)
    finally:
        database.close()
    newest = newest_version()
    if found == newest:
        return f"whole, schema {found}"
    return f"whole, schema {found}: the next start upgrades it to {newest}"


def _check_postgres(settings: Settings) -> str:
    words = f"Postgres answers, {_version(_opened(settings))}"
    with closing(_opened(settings)) as database:
        wanted = database.read(demand, settings)
    if wanted.total > wanted.limit:
        raise Doubtful(
            f"{words}, but it may run out of connections: {wanted}.",
            next_step="Lower DATAFERRY_DATABASE_CONNECTIONS, or raise max_connections of Postgres.",
        )
    return f"{words}; {wanted}"


def _sqlite_path(settings: Settings) -> Path:
    return Path(settings.sqlalchemy_url.removeprefix("sqlite:///"))


def _read_only(path: Path) -> str:
    """SQLite's address of a file that is only read. Where nobody has it open, reading leaves no file beside
    it."""
    alone = not Path(f"{path}-wal").exists()
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if alone else ''}"


def _opened(settings: Settings) -> Database:
    if not settings.embedded:
        return Database(settings.sqlalchemy_url, threads=1, wait_s=5)
    return Database(f"sqlite:///{_read_only(_sqlite_path(settings))}&uri=true", threads=1, wait_s=5)


def check_redis(settings: Settings) -> str:
    if settings.redis_url is None:
        return "not configured"
    from redis.exceptions import RedisError

    from dataferry.accounts.redis_state import connect

    try:
        connect(settings.redis_url).ping()
    except (RedisError, OSError) as error:
        raise NetworkFault(
            f"Redis does not answer: {error}.", next_step="Start it, or correct REDIS_URL."
        ) from error
    return "answers"


def check_server(settings: Settings) -> str:
    owner = read_owner(settings.data_dir)
    if owner is None:
        return "not running; the data folder is free"
    if not owner.address:
        return "starting or stopping: a process holds the data folder"
    try:
        answer = httpx.get(f"{owner.address}/api/health/ready", timeout=_SERVER_TIMEOUT_S, trust_env=False)
    except httpx.HTTPError as error:
        raise NetworkFault(
            f"The server at {owner.address} holds the data folder and does not answer ({error}).",
            next_step="Look into its log; stop it if it hangs.",
        ) from error
    if not answer.is_success:
        raise ConfigError(
            f"The server at {owner.address} cannot work now: {answer.text}", next_step="Look into its log."
        )
    return f"answers at {owner.address}{', for commands' if owner.background else ''}"


def model_of(settings: Settings) -> ModelChoice | None:
    """The model that the server would ask. Neither a database nor a key is made."""
    keyed = settings.secret_key is not None or (settings.data_dir / "secret.key").exists()
    if not keyed or (settings.embedded and not _sqlite_path(settings).exists()):
        return ModelChoices(settings).current()
    database = _opened(settings)
    try:
        return ModelChoices(settings, database, Secrets(settings)).current()
    except (OperationalError, ProgrammingError):  # of a time before models were kept, or damaged: told above
        return ModelChoices(settings).current()
    finally:
        database.close()


def check_model(settings: Settings) -> str:
    choice = model_of(settings)
    if choice is None:
        return "none, keyword search answers"
    if choice.key is None and choice.name.startswith(GEMINI):
        raise ConfigError(
            f"{choice.name} has no key that can be read.",
            next_step="Set it again: `dataferry model set`, or GOOGLE_API_KEY.",
        )
    return f"{choice.name}, {'chosen under Settings' if choice.origin == 'page' else 'by the configuration'}"


def check_key(settings: Settings) -> str:
    if settings.secret_key is not None:
        return "SECRET_KEY is set"
    path = settings.data_dir / "secret.key"
    if not path.exists():
        return "the first start makes it"
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(
            f"{path} may be read by others (mode {mode:o}).",
            next_step=f"chmod 600 {path}; if others have read it, delete it: every session ends.",
        )
    Secrets(settings)
    return f"{path}, for its owner alone"


def check_proxies(environment: Mapping[str, str] = os.environ) -> str:
    given = {name: environment.get(name) or environment.get(name.lower()) for name in _PROXY_VARIABLES}
    for name, value in given.items():
        if value and not (urlsplit(value).scheme and urlsplit(value).hostname):
            raise ConfigError(f"{name} is no address.", next_step="Write it as http://proxy.example.org:3128")
    for name in _CA_VARIABLES:
        if (path := environment.get(name)) and not Path(path).exists():
            raise ConfigError(f"{name} names {path}, which is not there.", next_step="Correct or unset it.")
    told = [f"{name}={value}" for name, value in given.items() if value]
    return ", ".join(told) or "none"
