"""What is known of a dataset that is here: what is wrong with it, and its versions."""

import asyncio

from dataferry.core.errors import Conflict, InvalidInput
from dataferry.core.types import DatasetRef, Viewer
from dataferry.library.versions.views import VersionView
from dataferry.tools.inputs import HealthInput, VersionsInput
from dataferry.tools.outputs import HealthOutput, VersionsOutput
from dataferry.tools.services import LocalServices

#: Versions of a list, and rows of a comparison; the dataset's own screen has more of them.
VERSIONS, ROWS = 20, 20
#: Below the deadline of a tool.
_COMPUTING_S, _LOOK_S = 30.0, 0.5


async def dataset_health(
    local: LocalServices | None, viewer: Viewer, ref: DatasetRef, asked: HealthInput
) -> HealthOutput:
    """The report, once it is computed; where that takes longer, the job that does it.

    Errors: ``NotFound`` for what is not here.
    """
    services = _needed(local)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _COMPUTING_S
    while True:
        report = await services.health.report(viewer, ref.key, asked.revision)
        if report.state != "computing" or loop.time() > deadline:
            return HealthOutput(ref=str(ref), report=report)
        await asyncio.sleep(_LOOK_S)


async def dataset_versions(
    local: LocalServices | None, viewer: Viewer, ref: DatasetRef, asked: VersionsInput
) -> VersionsOutput:
    """The newest versions, and what differs between the two that were named.

    Errors: ``NotFound`` for what is not here, and for a version that there is not; ``InvalidInput`` for one
    that was named alone.
    """
    services = _needed(local)
    if (asked.older is None) != (asked.newer is None):
        raise InvalidInput("Two versions are compared, and one was named.", next_step="Name both, or none.")
    page, _next = await services.versions.page(viewer, ref.key, None, VERSIONS)
    comparison = None
    if asked.older is not None and asked.newer is not None:
        comparison, _next = await services.versions.compare(
            viewer, ref.key, asked.older, asked.newer, limit=ROWS
        )
    if comparison is not None:
        pair = {"older": _unsigned(comparison.older), "newer": _unsigned(comparison.newer)}
        comparison = comparison.model_copy(update=pair)
    versions = tuple(map(_unsigned, page.versions))
    return VersionsOutput(
        ref=str(ref), key=ref.key, versions=versions, total=page.total, comparison=comparison
    )


def _unsigned(version: VersionView) -> VersionView:
    """Without whose it is: an address of a person is nothing for a model."""
    return version.model_copy(update={"author": ""})


def _needed(local: LocalServices | None) -> LocalServices:
    if local is None:
        raise Conflict("That cannot be told here.", next_step="Look on the dataset's own screen.")
    return local
