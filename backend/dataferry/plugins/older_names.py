"""The names that plugins of the project before this one import, so that they load unchanged::

    from app.config import DATASETS_DIR
    from app.utils.download import download_and_extract
    from ..base import DatasetPlugin
    from ..loader import register_dataset

``DATASETS_DIR`` is a folder of each file's own, so that what a plugin writes into it is its dataset's, and is
deleted with it. A package that is really called ``app`` goes before these names.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

from dataferry.plugins.locations import data_folder, own_store

#: Where the files of plugins lie that fetch them themselves, in the place of a revision.
_OWN_FILES = "files"
_datasets_folder: ContextVar[Path | None] = ContextVar("datasets_folder", default=None)


def datasets_folder(store: Path, file: Path) -> Path:
    """``DATASETS_DIR`` of a plugin's file."""
    return data_folder(store, file.stem, _OWN_FILES)


@contextmanager
def available(folder: Path) -> Iterator[None]:
    """Let the modules be imported, with ``folder`` as ``DATASETS_DIR`` inside the block. They stay: a plugin
    may import one when it is called."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
    token = _datasets_folder.set(folder)
    try:
        yield
    finally:
        _datasets_folder.reset(token)


class _Config(ModuleType):
    """``app.config``: its value differs from one plugin's file to the next."""

    def __getattr__(self, name: str) -> Path:
        if name != "DATASETS_DIR":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return _datasets_folder.get() or own_store() / "builtin" / "_"


#: Ours by the names that they have there.
_OURS = {
    "app.utils.download": "dataferry.plugins.extracting",
    "app.plugins.base": "dataferry.plugins.base",
    "app.plugins.loader": "dataferry.plugins.loader",
}
_PACKAGES = ("app", "app.utils", "app.plugins", "app.plugins.datasets")


class _Finder(MetaPathFinder, Loader):
    """Asked last, after everything that is really installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in (*_OURS, *_PACKAGES, "app.config"):
            return None
        return spec_from_loader(fullname, self, is_package=fullname in _PACKAGES)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Config(spec.name) if spec.name == "app.config" else ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Give a module what ours has; that one itself cannot be in two places."""
        ours = _OURS.get(module.__name__)
        if ours is not None:
            names = vars(import_module(ours)).items()
            module.__dict__.update({key: value for key, value in names if not key.startswith("__")})
