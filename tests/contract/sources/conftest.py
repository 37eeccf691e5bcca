"""Each hub's source against its fake server."""

from collections.abc import Iterator

import pytest

from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake
from tests.support.hub_source import Hub, huggingface_hub, kaggle_hub


@pytest.fixture
def kaggle() -> Iterator[Hub]:
    with KaggleFake() as fake:
        yield kaggle_hub(fake, search_timeout_s=10, describe_timeout_s=10)


@pytest.fixture
def huggingface() -> Iterator[Hub]:
    with HubFake() as fake:
        yield huggingface_hub(fake, search_timeout_s=10, describe_timeout_s=10)


@pytest.fixture(params=["kaggle", "huggingface"])
def hub(request: pytest.FixtureRequest) -> Hub:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Hub)
    return found
