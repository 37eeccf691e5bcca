"""Where a dataset's data is pushed to: a folder, S3, Google Cloud Storage or SFTP.

    objects/ab/cdef…    a large file
    packs/…, indexes/…  small files (``packs``)
    columns/ab/cdef…    column files, compressed as in the cache
    gc/…                what will be deleted, and since when (``remote_gc``)

Everything but the last is named by what it contains, comes into its place in one step and never changes. So
who pushes twice sends nothing, and two who push at once write the same, or beside each other.
"""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from itertools import islice
from pathlib import Path, PurePosixPath
from types import MethodType
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from dataferry.core.errors import ConfigError, NotFound
from dataferry.versioning.remote.remote_errors import shown_url, told

Config = Callable[[str], str | None]
"""The value of a setting in git's configuration, by its whole name."""

_CONNECTIONS = 8
#: The folder where files are written before they come into their place.
_ASIDE = "incoming"
_TIMEOUT_S = 60.0
#: Seconds between attempts, where an error may pass by itself.
_PAUSES_S = (0.5, 2.0, 5.0)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Entry(NamedTuple):
    """A file at a remote: its size in bytes, and when it was written, in seconds of its server's clock."""

    size: int
    modified: float


class Remote:
    """``files``: a file system of fsspec; everything lies below ``root`` in it. ``replaces``: what is written
    there appears whole or not at all, as with S3; elsewhere it is written aside and renamed."""

    def __init__(
        self,
        name: str,
        url: str,
        files: Any,
        root: str,
        *,
        replaces: bool,
        close: Callable[[Any], None] = lambda files: None,
        connections: int = _CONNECTIONS,
        pauses_s: tuple[float, ...] = _PAUSES_S,
    ) -> None:
        self.name = name
        self.url = url
        self.connections = connections
        self.pauses_s = pauses_s
        self._files = files
        self._root = root.rstrip("/")
        self._replaces = replaces
        self._close = close
        self._folders: set[str] = set()
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return f"the remote {self.name} ({shown_url(self.url)})"

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End its connections."""
        with suppress(Exception):
            self._close(self._files)

    @property
    def folder(self) -> Path | None:
        """Where it is a folder of this machine."""
        return Path(self._root or "/") if urlsplit(self.url).scheme in ("", "file") else None

    def check(self) -> None:
        """Errors: ``NotFound`` where there is no such bucket, or not the folder that its own is in."""
        path = PurePosixPath(self._root)
        place = str(path.parent) if path.is_absolute() else path.parts[0]
        try:
            self._asked(lambda: self._files.info(place))  # ``exists`` hides why it knows of none
        except FileNotFoundError as error:
            what = "folder" if path.is_absolute() else "bucket"
            raise NotFound(
                f"There is no {what} {place}: {self} cannot be used.",
                next_step="Create it (or connect its disk), or correct its address: "
                f"git config datasets.remote.{self.name}.url",
            ) from error

    def list(self, folder: str) -> dict[str, Entry]:
        """The files in a folder by their names; none where there is no folder."""
        try:
            found = self._asked(lambda: self._files.ls(f"{self._root}/{folder}", detail=True))
        except FileNotFoundError:
            return {}
        return {
            PurePosixPath(item["name"]).name: Entry(item["size"] or 0, _modified(item))
            for item in found
            if item["type"] == "file"
        }

    def read(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        """A file's bytes, or those from ``start`` to ``end``. Errors: ``FileNotFoundError``."""

        def ask() -> bytes:
            data: bytes = self._files.cat_file(f"{self._root}/{path}", start=start, end=end)
            if start is not None and end is not None and len(data) != end - start:
                raise ConnectionError(f"{end - start} bytes were asked for, and {len(data)} came")
            return data

        return self._asked(ask)

    def write(self, path: str, data: bytes | bytearray) -> None:
        """Errors: ``NotFound`` where the bucket is gone, and those of ``remote_errors``."""
        self._placed(path, lambda target: self._files.pipe_file(target, data))

    def upload(self, file: Path, path: str) -> None:
        self._placed(path, lambda target: self._files.put_file(str(file), target))

    def delete(self, path: str) -> None:
        """What is not there is deleted already."""
        with suppress(FileNotFoundError):
            self._asked(lambda: self._files.rm_file(f"{self._root}/{path}"))

    def flush(self) -> None:
        """What was written survives a power cut where that is ours to say."""
        if self.folder is not None and self.folder.exists():
            from dataferry.core.files.durable import sync_file_system

            sync_file_system(self.folder)

    def each(self, act: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """What ``act`` returns for each of the items, over several connections, in their order. Its first
        error ends it. Items are taken as connections are free."""
        rest = iter(items)
        pool = ThreadPoolExecutor(self.connections, thread_name_prefix="datasets-remote")
        try:
            waiting: deque[Future[_Result]] = deque(
                pool.submit(act, item) for item in islice(rest, 2 * self.connections)
            )
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(act, item) for item in islice(rest, 1))
        finally:
            pool.shutdown(cancel_futures=True)

    def _placed(self, path: str, write: Callable[[str], object]) -> None:
        target = f"{self._root}/{path}"
        try:
            if self._replaces:
                self._asked(lambda: write(target))
                return
            self._make_folder(f"{self._root}/{_ASIDE}")
            self._make_folder(target.rpartition("/")[0])
            self._asked(lambda: self._written_aside(write, target))
        except FileNotFoundError as error:
            raise told(error, str(self), self.name) from error

    def _written_aside(self, write: Callable[[str], object], target: str) -> None:
        aside = f"{self._root}/{_ASIDE}/{secrets.token_hex(8)}"
        try:
            write(aside)
            self._files.mv(aside, target)
        except BaseException:
            with suppress(Exception):
                self._files.rm_file(aside)
            raise

    def _make_folder(self, folder: str) -> None:
        with self._lock:
            if folder not in self._folders:
                self._asked(lambda: self._files.makedirs(folder, exist_ok=True))
                self._folders.add(folder)

    def _asked(self, ask: Callable[[], _Result]) -> _Result:
        """Ask again after errors that may pass. ``FileNotFoundError`` is the caller's to tell."""
        for pause_s in (*self.pauses_s, None):
            try:
                return ask()
            except FileNotFoundError:
                raise
            except Exception as error:
                failure = told(error, str(self), self.name)
                if not failure.transient or pause_s is None:
                    raise failure from error
                time.sleep(pause_s)
        raise AssertionError


def remote_of(config: Config, name: str, *, top: Path | None = None) -> Remote:
    """The remote of this name, as git's configuration has it (``datasets.remote.<name>.url`` and what is
    beside it). ``top``: what a relative folder is relative to.

    Errors: ``ConfigError`` where there is no address, or one of a kind that is not known, or the driver is
    not installed.
    """
    prefix = f"datasets.remote.{name}."

    def setting(key: str) -> str | None:
        return config(prefix + key)

    url = setting("url")
    if not url:
        raise ConfigError(
            f"The remote {name} has no address here.",
            next_step=f"git config {prefix}url ADDRESS, which is a folder, s3://BUCKET/FOLDER, "
            "gs://BUCKET/FOLDER or sftp://HOST/FOLDER",
        )
    connections = int(_number(setting("connections"), prefix + "connections", _CONNECTIONS))
    timeout_s = _number(setting("timeout"), prefix + "timeout", _TIMEOUT_S)
    scheme = urlsplit(url).scheme
    if scheme in ("", "file"):
        path = Path(unquote(urlsplit(url).path) if scheme else url).expanduser()
        files = import_module("fsspec.implementations.local").LocalFileSystem(use_listings_cache=False)
        root = str((top or Path.cwd()) / path)
        return Remote(name, url, files, root, replaces=False, connections=connections)
    make = _MAKERS.get(scheme)
    if make is None or not urlsplit(url).hostname:
        raise ConfigError(
            f"{shown_url(url)} is no address of a kind that is known here.",
            next_step=f"git config {prefix}url with a folder, s3://, gs:// or sftp://",
        )
    try:
        files, root = make(url, setting, connections, timeout_s)
    except ImportError as error:
        extra = {"s3": "s3", "gs": "gcs", "sftp": "sftp"}[scheme]
        raise ConfigError(
            f"What speaks {scheme}:// is not installed.",
            next_step=f"pip install 'dataferry[{extra}]' where git-datasets is installed.",
        ) from error
    except Exception as error:
        raise told(error, f"the remote {name} ({shown_url(url)})", name) from error
    return Remote(
        name, url, files, root, replaces=scheme != "sftp", close=_CLOSE[scheme], connections=connections
    )


def _s3(url: str, setting: Config, connections: int, timeout_s: float) -> tuple[Any, str]:
    files = import_module("s3fs").S3FileSystem(
        profile=setting("profile"),
        anon=setting("anonymous") == "true",
        endpoint_url=setting("endpoint"),
        client_kwargs={"region_name": setting("region")} if setting("region") else {},
        config_kwargs={
            "retries": {"total_max_attempts": 2, "mode": "standard"},
            "connect_timeout": min(timeout_s, 10),
            "read_timeout": timeout_s,
            "max_pool_connections": 2 * connections,
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    files.retries = 1  # ``Remote`` tries again itself
    return files, _bucket_path(url)


def _gcs(url: str, setting: Config, _connections: int, timeout_s: float) -> tuple[Any, str]:
    # Its newer class asks for each bucket by gRPC, for what is not needed here.
    driver = import_module("gcsfs.core").GCSFileSystem
    files = driver(
        token="anon" if setting("anonymous") == "true" else None,
        endpoint_url=setting("endpoint"),
        timeout=timeout_s,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    # ``Remote`` tries again itself, and tells what went wrong: six tries of the driver in each of its own are
    # minutes in which nobody is told anything.
    files._request = MethodType(driver._request.__wrapped__, files)
    log = logging.getLogger("gcsfs")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return files, _bucket_path(url)


def _sftp(url: str, setting: Config, _connections: int, timeout_s: float) -> tuple[Any, str]:
    parts = urlsplit(url)
    login: dict[str, Any] = {
        "username": parts.username and unquote(parts.username),
        "password": parts.password and unquote(parts.password),
        "port": parts.port,
        "client_keys": setting("key"),
        "known_hosts": setting("knownhosts"),
    }
    files = import_module("dataferry.versioning.remote.sftp").SftpFiles(
        parts.hostname or "",
        **{key: value for key, value in login.items() if value},
        connect_timeout=timeout_s,
        keepalive_interval=timeout_s / 3,  # a server that says nothing three times has gone
        skip_instance_cache=True,
    )
    return files, unquote(parts.path)


_MAKERS: dict[str, Callable[[str, Config, int, float], tuple[Any, str]]] = {
    "s3": _s3,
    "gs": _gcs,
    "sftp": _sftp,
}
_CLOSE: dict[str, Callable[[Any], None]] = {
    "s3": lambda files: files.close_session(files.loop, files._s3),
    "gs": lambda files: files.close_session(files.loop, files._session),
    "sftp": lambda files: files.close(),
}


def _bucket_path(url: str) -> str:
    """Keys are taken as they are written: with ``%``, ``#`` and ``?``, as the stores' own tools do."""
    return url.partition("://")[2].strip("/")


def _number(text: str | None, key: str, default: float) -> float:
    if text is None:
        return default
    with suppress(ValueError):
        if (value := float(text)) > 0:
            return value
    raise ConfigError(
        f"{key} is {text!r}, and not a number above 0.", next_step=f"git config {key} {default:g}"
    )


def _modified(item: dict[str, Any]) -> float:
    value = item.get("LastModified", item.get("mtime", item.get("updated", 0)))
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value.timestamp() if isinstance(value, datetime) else float(value or 0)
