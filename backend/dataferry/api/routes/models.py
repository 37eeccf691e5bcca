"""Models at HuggingFace: searched, never downloaded."""

from fastapi import APIRouter
from pydantic import Field

from dataferry.api.deps import Current, RequestBody, TokenFirst, Wired
from dataferry.core.model_cards import ModelSearchAnswer
from dataferry.sources.model_plan import ModelFilters

router = APIRouter(prefix="/api/models", tags=["models"], route_class=TokenFirst)


class ModelSearchRequest(RequestBody):
    """Which models to search for."""

    query: str = Field(max_length=500)
    filters: ModelFilters = ModelFilters()
    limit: int = Field(20, ge=1, le=50)


@router.post("/search")
async def search_models(body: ModelSearchRequest, viewer: Current, wired: Wired) -> ModelSearchAnswer:
    """Search HuggingFace for models. They have pages at the hub and are not downloaded here."""
    return await wired.model_search.search(viewer, body.query, filters=body.filters, limit=body.limit)
