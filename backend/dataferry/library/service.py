"""The library as one object, for callers that want no more than a few of its methods."""

from dataferry.library.all_previews import Previews
from dataferry.library.comparisons import Comparisons
from dataferry.library.downloads import Downloads
from dataferry.library.model_search import ModelSearch
from dataferry.library.search import DatasetSearch
from dataferry.library.shelf import Shelf
from dataferry.library.verdicts import Verdicts


class Library:
    """Methods of the services under the names that the chat's protocol asks for."""

    def __init__(
        self,
        search: DatasetSearch,
        models: ModelSearch,
        verdicts: Verdicts,
        comparisons: Comparisons,
        downloads: Downloads,
        shelf: Shelf,
        previews: Previews,
    ) -> None:
        self.search = search.search
        self.search_models = models.search
        self.verdict = verdicts.describe
        self.compare = comparisons.compare
        self.local_card = search.local_card
        self.describe = search.describe
        self.readme = search.readme
        self.refresh_cards = search.refresh_cards
        self.request_download = downloads.request
        self.list = shelf.list
        self.preview = previews.preview
