"""Fixtures of the tests with real git, and with a remote and two caches."""

import shutil
from pathlib import Path

import pytest

from dataferry.versioning.model.cache import Cache
from dataferry.versioning.remote.remotes import Remote, remote_of
from tests.support.git_repositories import GitFolder, new_repository
from tests.support.index_files import versions
from tests.support.versioned import REMOTE, settings


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


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The folder of ``remote``, which is made when something is pushed."""
    return tmp_path / "store"


@pytest.fixture
def remote(store: Path) -> Remote:
    return remote_of(settings(store).get, REMOTE)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "one")


@pytest.fixture
def other(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "two")
