"""``dataferry doctor``: what can be seen from here, redacted, to paste in an issue."""

import asyncio
import platform
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import SecretStr

from dataferry import __version__
from dataferry.accounts.credentials import server_credentials
from dataferry.accounts.security import Secrets
from dataferry.chat.agent import probe_model
from dataferry.chat.model_choice import GEMINI, ModelChoice, ModelChoices
from dataferry.cli.output import ExitCode, next_act, out
from dataferry.core.db import Database
from dataferry.core.errors import DataferryError
from dataferry.core.lock import make_data_folder, owner_address
from dataferry.core.private_files import mode_open_to_others
from dataferry.core.settings import Settings, environment_name, load_settings
from dataferry.core.sizes import readable_bytes, readable_count
from dataferry.core.specs import SOURCES
from dataferry.core.telemetry import configure_logging, redact
from dataferry.core.types import Credential, DatasetRef, FileEntry, Http, Manifest
from dataferry.library.paths import Store
from dataferry.sources.base import SearchFilters
from dataferry.sources.catalog import Catalog, build_sources
from dataferry.transfer.http.client import open_http

#: Files of an example are few.
_LISTING_TIMEOUT_S = 30.0
_PACKAGES = (
    "fastapi",
    "sqlmodel",
    "dbos",
    "huggingface_hub",
    "kagglesdk",
    "langchain",
    "langchain-google-genai",
)


def doctor(
    live: Annotated[
        bool, typer.Option("--live", help="Also ask the real hubs and the model, read-only.")
    ] = False,
) -> None:
    """Look at settings, disk and versions, and say what to mend."""
    settings = load_settings()
    configure_logging("ERROR", as_json=False)
    checks = Checks()
    out.print(f"Dataferry {__version__} · Python {platform.python_version()} · {platform.platform()}")
    out.print(" · ".join(f"{package} {version(package)}" for package in _PACKAGES))
    _print_settings(settings)
    checks.run("data folder", lambda: _check_data_folder(settings))
    checks.run("store can be written", lambda: _check_store(settings))
    checks.run("language model", lambda: _describe_model(settings))
    checks.run("server", lambda: owner_address(settings.data_dir) or "not running")
    if live:
        asyncio.run(_probe(settings, checks))
    else:
        out.print("The hubs and the model were not asked; `dataferry doctor --live` does.")
    if checks.failed:
        raise typer.Exit(ExitCode.FAILED)


class Checks:
    """One line for each check: what was asked, what came, how long it took."""

    def __init__(self) -> None:
        self.failed = 0

    def run(self, name: str, check: Callable[[], str]) -> None:
        began = time.perf_counter()
        try:
            self._print_line("ok", name, check(), began)
        except Exception as error:
            self._fail(name, error, began)

    async def run_async(self, name: str, check: Callable[[], Awaitable[str]]) -> None:
        began = time.perf_counter()
        try:
            self._print_line("ok", name, await check(), began)
        except Exception as error:
            self._fail(name, error, began)

    def _fail(self, name: str, error: Exception, began: float) -> None:
        self.failed += 1
        words = str(error)
        if isinstance(error, DataferryError):
            words = f"[{error.code}] {error.detail} {next_act(error)}"
        self._print_line("FAILED", name, words, began)

    def _print_line(self, outcome: str, name: str, words: str, began: float) -> None:
        out.print(f"{outcome:6} {name}: {redact(words).strip()} ({time.perf_counter() - began:.2f} s)")


def _print_settings(settings: Settings) -> None:
    """What differs from the defaults; of a secret only that it is set."""
    for field in type(settings).model_fields:
        value = getattr(settings, field)
        if field not in settings.model_fields_set or value is None:
            continue
        shown = "set" if isinstance(value, SecretStr) else redact(str(value))
        out.print(f"       {environment_name(field)}={shown}")


def _check_data_folder(settings: Settings) -> str:
    make_data_folder(settings.data_dir)
    mode = mode_open_to_others(settings.data_dir)
    return f"{settings.data_dir}, " + (
        f"which others may enter (mode {mode})" if mode else "for its owner alone"
    )


def _check_store(settings: Settings) -> str:
    Store(settings.store).prepare()
    usage = shutil.disk_usage(settings.store)
    return f"{settings.store}, {readable_bytes(usage.free)} of {readable_bytes(usage.total)} free"


async def _probe(settings: Settings, checks: Checks) -> None:
    """About a dozen read-only requests, to be laid beside what the fakes answer."""
    credentials = server_credentials(settings)
    catalog = Catalog(build_sources(settings), settings)
    try:
        for spec in SOURCES.values():
            if spec.example_id is not None:
                ref = DatasetRef.make(spec.name, spec.example_id)
                credential = credentials.get(spec.name, Credential(spec.name))
                await _probe_source(catalog, checks, ref, credential)
    finally:
        catalog.close()
    await checks.run_async("model: one streamed token", lambda: _probe_model(settings))


def _model(settings: Settings) -> ModelChoice | None:
    """The model that the server would ask, without making a database where there is none."""
    if settings.database_url is None and not (settings.data_dir / "dataferry.sqlite").exists():
        return ModelChoices(settings).current()
    database = Database(settings.sqlalchemy_url)
    try:
        return ModelChoices(settings, database, Secrets(settings)).current()
    finally:
        database.close()


def _describe_model(settings: Settings) -> str:
    choice = _model(settings)
    if choice is None:
        return "none, keyword search answers"
    if choice.key is None and choice.name.startswith(GEMINI):
        return f"{choice.name}, without a key that can be read"
    return f"{choice.name}, {'chosen under Settings' if choice.origin == 'page' else 'by the configuration'}"


async def _probe_model(settings: Settings) -> str:
    return await probe_model(await asyncio.to_thread(_model, settings), settings)


async def _probe_source(catalog: Catalog, checks: Checks, ref: DatasetRef, credential: Credential) -> None:
    async def search() -> str:
        found = await catalog.search(
            "diabetes",
            credentials={ref.source: credential},
            sources=[ref.source],
            filters=SearchFilters(),
            limit=3,
        )
        for problem in found.source_errors:
            return f"[{problem.code}] {problem.detail}"
        return ", ".join(hit.ref for hit in found.datasets)

    async def describe() -> str:
        summary = await catalog.describe(ref, None, credential, timeout=20)
        files = (
            "?" if summary.file_count is None else readable_count(summary.file_count, more=summary.more_files)
        )
        return (
            f"{summary.ref}@{summary.revision}, {files} files, {summary.size_bytes} bytes, {summary.license}"
        )

    async def file_list() -> str:
        manifest = await catalog.list_files(ref, None, credential, timeout=_LISTING_TIMEOUT_S)
        graded = sum(entry.checksum is not None for entry in manifest.files)
        return f"{len(manifest.files)} files, {graded} with a checksum, {manifest.total_bytes} bytes"

    async def headers() -> str:
        manifest = await catalog.list_files(ref, None, credential, timeout=_LISTING_TIMEOUT_S)
        return await asyncio.to_thread(_headers, _smallest(manifest))

    async def account() -> str:
        return await catalog.verify(credential) or "the hub does not say whose it is"

    name = ref.label
    out.print(f"       {name}: as {credential.origin}")
    if credential.secret is not None:
        await checks.run_async(f"{name}: key", account)
    await checks.run_async(f"{name}: search", search)
    await checks.run_async(f"{name}: describe", describe)
    await checks.run_async(f"{name}: file list", file_list)
    await checks.run_async(f"{name}: Range and checksum headers", headers)


def _smallest(manifest: Manifest) -> FileEntry:
    return min(manifest.files, key=lambda entry: entry.size or sys.maxsize)


def _headers(entry: FileEntry) -> str:
    """What a small ranged request answers: status and the headers that resume and checks rely on."""
    if not isinstance(entry.origin, Http):
        return "not served over HTTP"
    with open_http(entry.origin, headers={"Range": "bytes=0-0"}) as response:
        headers_found = {
            name: response.headers[name]
            for name in ("content-range", "etag", "x-linked-etag", "x-goog-hash", "accept-ranges")
            if name in response.headers
        }
        return f"{response.status} {headers_found}"
