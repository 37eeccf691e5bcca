"""Fixtures of the API's tests."""

from collections.abc import Iterator

import pytest

from tests.support.hubs import Hubs, make_hubs


@pytest.fixture(scope="session")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs
