"""Fixtures of the tests with real git."""

import shutil
from pathlib import Path

import pytest

from tests.support.git_repositories import GitFolder, new_repository
from tests.support.index_files import versions


@pytest.fixture
def repo(tmp_path: Path) -> GitFolder:
    """An empty repository."""
    return new_repository(tmp_path)


@pytest.fixture(scope="session")
def made_versions(tmp_path_factory: pytest.TempPathFactory) -> GitFolder:
    made = new_repository(tmp_path_factory.mktemp("versions"))
    versions(made)
    return made


@pytest.fixture
def versioned(made_versions: GitFolder, tmp_path: Path) -> GitFolder:
    """Four versions of a dataset (``versions``); main is at v4, with two fields of three rows."""
    shutil.copytree(made_versions.folder, tmp_path / "work", symlinks=True)
    shutil.copytree(made_versions.home, tmp_path / "home")
    return GitFolder(tmp_path / "work", tmp_path / "home")
