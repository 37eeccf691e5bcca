"""Bundles: datasets in one file, from another machine."""

from fastapi import APIRouter, status
from pydantic import Field

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.library.imports import BundleImport

router = APIRouter(prefix="/api/bundles", tags=["datasets"], route_class=TokenFirst)


class BundleRequest(RequestBody):
    """A bundle that is to be brought in."""

    path: str = Field(
        max_length=4096,
        description="Of a file of the server's machine, from the root on",
        examples=["/media/disk/datasets.tar"],
    )
    digest: str | None = Field(
        None,
        pattern=r"^(sha256:)?[0-9a-f]{64}$",
        description="What the export has printed; a bundle of another one is refused",
        examples=["sha256:" + 64 * "0"],
    )


@router.post("/import", status_code=status.HTTP_202_ACCEPTED)
async def import_bundle(body: BundleRequest, viewer: Current, wired: Wired) -> BundleImport:
    """Bring the datasets of a bundle into the library, a job for each. Each byte is compared with the
    bundle's manifest on its way. For admins."""
    return await wired.imports.request(viewer, body.path, body.digest)
