"""Catalogs over sources of the tests' own."""

import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from dataferry.core.settings import Settings
from dataferry.sources.base import Source
from dataferry.sources.catalog import Catalog
from tests.support.shelf_source import Clock, Make, ShelfSource


@pytest.fixture
def hub() -> Iterator[str]:
    """An address that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """An address that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
async def make(hub: str) -> AsyncIterator[Make]:
    made: list[Catalog] = []

    def make(
        *sources: Source,
        kaggle: str = hub,
        huggingface: str = hub,
        clock: Clock | None = None,
        **settings: float,
    ) -> Catalog:
        for source in sources:
            if isinstance(source, ShelfSource):
                source.endpoint = {"kaggle": kaggle, "huggingface": huggingface}.get(source.name)
        values = {"breaker_s": 0.0, **settings}
        catalog = Catalog(
            {source.name: source for source in sources},
            Settings.model_validate(values),
            clock=clock or time.monotonic,
        )
        made.append(catalog)
        return catalog

    yield make
    for catalog in made:
        catalog.close()
