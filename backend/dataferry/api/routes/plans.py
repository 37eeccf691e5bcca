"""What a download would bring, before it is started."""

from fastapi import APIRouter

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.pager import Cursor, Paged
from dataferry.api.routes.datasets import AnyDownloadRequest, FileLimit, Revision, selection_of
from dataferry.core.hub_addresses import read_address
from dataferry.library.verdict_views import Verdict
from dataferry.library.views import DownloadPlan

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=TokenFirst)


@router.post("/plan-download")
async def plan_download(
    body: AnyDownloadRequest,
    viewer: Current,
    wired: Wired,
    pager: Paged,
    cursor: Cursor = None,
    limit: FileLimit = 200,
) -> DownloadPlan:
    """What a download would bring, what of it is here and whether it fits on the disk. Nothing is started."""
    address = read_address(body.dataset_id, body.source)
    asked = body.model_dump_json()
    position = pager.position(cursor, of=asked)
    plan = await wired.plans.plan(
        viewer,
        address.ref,
        body.revision or address.revision,
        selection_of(body, address),
        force=body.force_download,
        cursor=position[0] if position else None,
        limit=limit,
    )
    following = pager.next((plan.next,) if plan.next else None, of=asked)
    verdict = None if position else await wired.verdicts.of_plan(viewer, plan, address.ref)
    return plan.model_copy(update={"next": following, "verdict": verdict})


@router.get("/{key}/manifest")
async def get_manifest(
    key: str,
    viewer: Current,
    wired: Wired,
    pager: Paged,
    revision: Revision = None,
    cursor: Cursor = None,
    limit: FileLimit = 200,
) -> DownloadPlan:
    """The files that a dataset has at its source, by path, whether they are here or not."""
    position = pager.position(cursor)
    begin = position[0] if position else None
    plan = await wired.plans.find(viewer, key, revision, cursor=begin, limit=limit)
    following = pager.next((plan.next,) if plan.next else None)
    verdict = None if position else await wired.verdicts.of_plan(viewer, plan)
    return plan.model_copy(update={"next": following, "verdict": verdict})


@router.get("/{key}/verdict")
async def get_verdict(key: str, viewer: Current, wired: Wired, revision: Revision = None) -> Verdict:
    """What to know before a download: what the licence allows, terms to accept, room and time, rows and
    columns. The dataset need not be here."""
    return await wired.verdicts.find(viewer, key, revision)
