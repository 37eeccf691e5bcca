"""Fixtures of the tests with real git."""

from pathlib import Path

import pytest

from tests.support.git_repositories import GitFolder, new_repository


@pytest.fixture
def repo(tmp_path: Path) -> GitFolder:
    """An empty repository."""
    return new_repository(tmp_path)
