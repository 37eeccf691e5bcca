"""Models at HuggingFace, searched as a viewer. They are shown, and never downloaded."""

from dataferry.accounts.credentials import CredentialResolver
from dataferry.core.model_cards import ModelSearchAnswer
from dataferry.core.types import Viewer
from dataferry.sources.catalog import Catalog
from dataferry.sources.model_plan import ModelFilters


class ModelSearch:
    """Asks the hub with the viewer's own credential."""

    def __init__(self, catalog: Catalog, credentials: CredentialResolver) -> None:
        self._catalog = catalog
        self._credentials = credentials

    async def search(
        self, viewer: Viewer, query: str, *, filters: ModelFilters = ModelFilters(), limit: int = 20
    ) -> ModelSearchAnswer:
        """The models that fit best. Errors: ``InvalidInput`` for an empty query; a hub that fails is in
        ``source_errors``."""
        credential = await self._credentials.find("huggingface", viewer.user_id)
        return await self._catalog.models.search(query, filters=filters, limit=limit, credential=credential)
