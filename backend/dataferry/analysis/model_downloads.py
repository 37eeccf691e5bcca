"""Models that an admin of this server names in a file, and brings with a click: by the transfer engine, with
the checksum that the file says."""

import re
import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from sqlmodel import Session

from dataferry.analysis.model_files import INSTALL, ModelFiles, has_runtime
from dataferry.analysis.views import AnalysisModels, CatalogModel, ModelPlace
from dataferry.core.db import Database
from dataferry.core.errors import ConfigError, Conflict, Forbidden, NotFound
from dataferry.core.job_types import JobView
from dataferry.core.settings import Settings
from dataferry.core.threads import in_thread
from dataferry.core.types import Checksum, DatasetRef, FileEntry, Http, Manifest, Viewer
from dataferry.jobs.service import JobRun, Jobs
from dataferry.library.speed_limits import SpeedLimits
from dataferry.transfer import Limits, fetch
from dataferry.uploads.views import UploadCategory

_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_CATEGORIES: tuple[UploadCategory, ...] = ("xray", "traffic", "medical")
_LARGEST_FILE = 1 << 20


class CatalogEntry(BaseModel):
    """``[[model]]`` of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=_NAME)]
    category: UploadCategory
    url: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    licence: Annotated[str, Field(min_length=1, max_length=200)]
    size: Annotated[int, Field(gt=0)] | None = None

    @field_validator("url")
    @classmethod
    def _known_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("must be an http or https address without a password")
        return value


_ENTRIES = TypeAdapter(list[CatalogEntry])


class ModelDownloads:
    """What there is of models, for everybody; bringing one is an admin's."""

    def __init__(
        self, database: Database, settings: Settings, jobs: Jobs, files: ModelFiles, limits: SpeedLimits
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._files = files
        self._speed_limits = limits
        self._path = (settings.model_catalog or settings.data_dir / "models.toml").expanduser()
        self._public_only = not settings.allow_private_urls
        self._limits = Limits(
            connections=settings.transfer_connections,
            stall_timeout_s=settings.stall_timeout_s,
            min_free_bytes=settings.min_free_bytes,
        )

    def register(self, jobs: Jobs) -> None:
        jobs.register("model", self.bring)

    async def view(self, viewer: Viewer) -> AnalysisModels:
        """The models that are looked for, and those that can be brought."""
        problem, entries = None, []
        try:
            entries = await in_thread("disk", self._entries)
        except ConfigError as error:
            problem = error.detail if viewer.admin else "The list of models cannot be read."
        places = await in_thread(
            "disk", lambda: [one for each in _CATEGORIES for one in self._files.of(each)]
        )
        catalog = [await self._catalog_model(viewer, one) for one in entries]
        return AnalysisModels(
            runtime=has_runtime(),
            models=tuple(
                ModelPlace(slot=one.slot, category=one.category, file=one.path.name, there=one.there)
                for one in places
            ),
            catalog=tuple(catalog),
            catalog_problem=problem,
            next_step=None if has_runtime() else f"ONNX Runtime is not installed. {INSTALL}",
        )

    async def _catalog_model(self, viewer: Viewer, entry: CatalogEntry) -> CatalogModel:
        def newest(session: Session) -> JobView | None:
            job = self._jobs.newest(session, _job_key(entry), kind="model")
            mine = job is not None and viewer.user_id in self._jobs.requesters(session, job.id)
            return job if mine else None

        here = await in_thread("disk", self._folder(entry).is_dir)
        job = None if here else await self._database.run_read(newest)
        return CatalogModel(**entry.model_dump(), here=here, job=job)

    async def download(self, viewer: Viewer, name: str) -> JobView:
        """Start the job that brings a model of the list, or join it. Errors: ``Forbidden`` for non-admins;
        ``NotFound``, ``ConfigError``; ``Conflict`` where it is here."""
        if not viewer.admin:
            raise Forbidden("Only an admin may bring models to this server.")
        entry = self._entry(await in_thread("disk", self._entries), name)
        if await in_thread("disk", self._folder(entry).is_dir):
            raise Conflict(
                f"The model {name} is here already.", next_step="Delete its folder to bring it anew."
            )

        def submit(session: Session) -> str:
            job_id, _created = self._jobs.submit(
                session,
                kind="model",
                ref=DatasetRef("builtin", "analysis-model"),
                title=f"The model {entry.name} ({entry.licence})",
                dataset_id=_job_key(entry),
                params={"name": entry.name},
                requester_id=viewer.user_id,
                single_flight_key=_job_key(entry),
            )
            return job_id

        job_id = await self._database.run(submit)
        self._jobs.wake(job_id)
        return await self._jobs.get(viewer, job_id)

    def bring(self, run: JobRun) -> None:
        """Blocks, in a worker's thread. Errors: those of ``transfer.fetch``."""
        entry = self._entry(self._entries(), run.params["name"])
        file = FileEntry(
            path=f"{entry.name}.onnx",
            origin=Http(entry.url, public_only=self._public_only),
            size=entry.size,
            checksum=Checksum("sha256", entry.sha256.lower(), "publisher"),
        )
        manifest = Manifest(DatasetRef("builtin", "analysis-model"), entry.sha256[:12], (file,))
        folder = self._folder(entry)
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._speed_limits.join(run.id, run.requesters[0]) as member:
            fetch(manifest, folder, run.progress, run.cancel, limits=self._limits, member=member)
        run.update(file_path=str(folder))

    def _folder(self, entry: CatalogEntry) -> Path:
        """Another one for other bytes, so that what is here is what the list says."""
        return self._files.folder / entry.category / f"{entry.name}-{entry.sha256[:12].lower()}"

    def _entry(self, entries: list[CatalogEntry], name: str) -> CatalogEntry:
        for entry in entries:
            if entry.name == name:
                return entry
        raise NotFound(f"The list of models has no {name[:64]!r}.", next_step="Choose one that it has.")

    def _entries(self) -> list[CatalogEntry]:
        """Of the file; none where there is none. Blocks. Errors: ``ConfigError`` with what is wrong in it."""
        try:
            if self._path.stat().st_size > _LARGEST_FILE:
                raise ConfigError(f"The list of models has more than {_LARGEST_FILE:,} bytes: {self._path}.")
            content = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise ConfigError(f"The list of models cannot be read: {self._path}: {error}.") from error
        try:
            entries = _ENTRIES.validate_python(content.get("model", []))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            reason = re.sub("^Value error, ", "", first["msg"])
            raise ConfigError(f"The list of models is wrong at model {place}: {reason}.") from None
        names = [entry.name for entry in entries]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(f"The list of models names {twice} twice.")
        return entries


def _job_key(entry: CatalogEntry) -> str:
    return f"model-{entry.name}-{entry.sha256[:12].lower()}"
