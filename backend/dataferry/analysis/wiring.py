"""The services of analysis, made together."""

from dataclasses import dataclass

from dataferry.analysis.handler import AnalysisHandler
from dataferry.analysis.model_downloads import ModelDownloads
from dataferry.analysis.model_files import ModelFiles
from dataferry.analysis.service import Analyses
from dataferry.core.db import Database
from dataferry.core.settings import Settings
from dataferry.explorer.health.likeness import Likeness
from dataferry.imaging.sandbox import Sandbox, SandboxLimits
from dataferry.jobs.service import Jobs
from dataferry.library.speed_limits import SpeedLimits
from dataferry.uploads.service import Uploads


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that is said of uploads, and the process in which models run."""

    uploads: Analyses
    models: ModelDownloads
    sandbox: Sandbox

    def close(self) -> None:
        self.sandbox.close()


def build_analysis(
    database: Database,
    settings: Settings,
    jobs: Jobs,
    uploads: Uploads,
    likeness: Likeness,
    speed_limits: SpeedLimits,
    sandbox: Sandbox,
) -> Analysis:
    """Its jobs are registered; nothing is opened or started yet."""
    files = ModelFiles(settings)
    # One at a time: a model takes a good part of a machine.
    limits = SandboxLimits(memory_bytes=settings.analysis_memory_bytes, seconds=settings.analysis_timeout_s)
    model_sandbox = Sandbox(count=1, limits=limits)
    models = ModelDownloads(database, settings, jobs, files, speed_limits)
    models.register(jobs)
    AnalysisHandler(database, settings, uploads.storage, files, sandbox, model_sandbox).register(jobs)
    return Analysis(Analyses(database, jobs, uploads, files, likeness), models, model_sandbox)
