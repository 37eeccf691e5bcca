"""The library under the older registry's paths, without a prefix, for clients that were written for it.

Each is an alias of a route below ``/api``, with the same fields, and repeats them under ``body``, where such
clients look for them.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from dataferry.api.deps import Current, TokenFirst, Wired
from dataferry.api.pager import Paged
from dataferry.api.routes import datasets, jobs
from dataferry.library.listing import LibraryQuery
from dataferry.library.views import DatasetPage, DatasetView

#: No part of the OpenAPI document, so that clients made from it have each thing once.
router = APIRouter(include_in_schema=False, route_class=TokenFirst)


class RegisteredDataset(DatasetView):
    """``body``: the same fields again."""

    body: DatasetView


class RegisteredPage(DatasetPage):
    """``body``: the same fields again."""

    body: DatasetPage


@router.get("/datasets")
async def list_registered_datasets(
    viewer: Current, wired: Wired, pager: Paged, wanted: Annotated[LibraryQuery, Query()]
) -> RegisteredPage:
    """An alias of `/api/datasets`."""
    page = await datasets.list_datasets(viewer, wired, pager, wanted)
    return RegisteredPage(**page.model_dump(), body=page)


@router.get("/datasets/{key}")
async def get_registered_dataset(
    key: str, viewer: Current, wired: Wired, revision: datasets.Revision = None
) -> RegisteredDataset:
    """An alias of `/api/datasets/{key}`."""
    dataset = await datasets.get_dataset(key, viewer, wired, revision)
    return RegisteredDataset(**dataset.model_dump(), body=dataset)


@router.get("/job_params/dataset")
async def get_registered_job_params(viewer: Current) -> dict[str, Any]:
    """An alias of `/api/job_params/dataset`."""
    schema = await jobs.get_job_params(viewer)
    return {**schema, "body": schema}
