"""What ``dataferry doctor --live`` asks of the hubs and the model: about a dozen read-only requests."""

import asyncio
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from dataferry.accounts.credentials import server_credentials
from dataferry.chat.agent import probe_model
from dataferry.cli.doctor_checks import model_of
from dataferry.cli.findings import Findings
from dataferry.core.errors import ConfigError, SourceProtocolError, SourceUnreachable
from dataferry.core.settings import Settings
from dataferry.core.sizes import readable_count
from dataferry.core.specs import SOURCES
from dataferry.core.types import Credential, DatasetRef, FileEntry, Http, Manifest
from dataferry.sources.base import SearchFilters
from dataferry.sources.catalog import Catalog, build_sources
from dataferry.transfer.http.client import open_http

#: Files of an example are few.
_LISTING_TIMEOUT_S = 30.0
_CLOCK_TIMEOUT_S = 10.0
#: Signed addresses bear such a difference.
_MAX_SKEW_S = 60


async def probe(settings: Settings, findings: Findings) -> None:
    """To be laid beside what the tests' fakes answer."""
    credentials = server_credentials(settings)
    catalog = Catalog(build_sources(settings), settings)
    try:
        for spec in SOURCES.values():
            if spec.example_id is not None:
                ref = DatasetRef.make(spec.name, spec.example_id)
                credential = credentials.get(spec.name, Credential(spec.name))
                await _probe_source(catalog, findings, ref, credential)
    finally:
        catalog.close()
    await findings.run_async("clock", lambda: asyncio.to_thread(check_clock, settings.hf_endpoint))
    await findings.run_async("model: one streamed token", lambda: _probe_model(settings))


async def _probe_model(settings: Settings) -> str:
    return await probe_model(await asyncio.to_thread(model_of, settings), settings)


def check_clock(endpoint: str) -> str:
    """This machine's clock beside a hub's."""
    try:
        answer = httpx.head(endpoint, timeout=_CLOCK_TIMEOUT_S)
        theirs = parsedate_to_datetime(answer.headers["date"])
    except httpx.HTTPError as error:
        raise SourceUnreachable(
            f"{endpoint} cannot be reached: {error}.", next_step="Check the network, and the proxies above."
        ) from error
    except (KeyError, ValueError):
        raise SourceProtocolError(f"{endpoint} does not say what time it is.") from None
    skew = round((datetime.now(UTC) - theirs).total_seconds())
    if abs(skew) > _MAX_SKEW_S:
        raise ConfigError(
            f"This machine's clock is {abs(skew)} s {'ahead of' if skew > 0 else 'behind'} {endpoint}'s:"
            " signed addresses are refused.",
            next_step="Set it, for example with `timedatectl set-ntp true`.",
        )
    return f"{skew:+d} s beside {endpoint}"


async def _probe_source(
    catalog: Catalog, findings: Findings, ref: DatasetRef, credential: Credential
) -> None:
    async def search() -> str:
        found = await catalog.search(
            "diabetes",
            credentials={ref.source: credential},
            sources=[ref.source],
            filters=SearchFilters(),
            limit=3,
        )
        for problem in found.source_errors:
            raise problem.restore()
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
    findings.say(f"       {name}: as {credential.origin}")
    if credential.secret is not None:
        await findings.run_async(f"{name}: key", account)
    await findings.run_async(f"{name}: search", search)
    await findings.run_async(f"{name}: describe", describe)
    await findings.run_async(f"{name}: file list", file_list)
    await findings.run_async(f"{name}: Range and checksum headers", headers)


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
