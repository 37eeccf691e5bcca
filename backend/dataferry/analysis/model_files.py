"""Which models look at which uploads: those that the settings name, and those in the folder of models."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from dataferry.analysis.views import Slot
from dataferry.core.settings import Settings
from dataferry.uploads.views import UploadCategory

#: Another one once the meaning of what is kept changes: it is then computed anew.
_FORM = 1
INSTALL = "Install it: pip install 'dataferry[analysis]', then start the server again."
#: The slots that the settings name, and whose uploads they look at.
_SLOTS: dict[Slot, UploadCategory] = {"pneumonia": "xray", "vehicles": "traffic", "signs": "traffic"}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model's file, whether it is there or not."""

    slot: Slot
    category: UploadCategory
    path: Path

    @property
    def there(self) -> bool:
        return self.path.is_file()


class ModelFiles:
    """Looks at the disk each time: a model that is put there is used with the next look. Blocks."""

    def __init__(self, settings: Settings) -> None:
        paths = {
            "pneumonia": settings.pneumonia_model,
            "vehicles": settings.vehicles_model,
            "signs": settings.signs_model,
        }
        self._named = [
            ModelFile(slot, category, path.expanduser().absolute())
            for slot, category in _SLOTS.items()
            if (path := paths[slot]) is not None
        ]
        self.folder = settings.models_folder

    def of(self, category: UploadCategory) -> list[ModelFile]:
        """Those of the settings first."""
        return [one for one in self._named if one.category == category] + list(self._in_folder(category))

    def _in_folder(self, category: UploadCategory) -> Iterator[ModelFile]:
        found = sorted((self.folder / category).rglob("*.onnx"))
        # What is still being downloaded lies in a folder of that kind.
        whole = [path for path in found if not any(part.startswith(".") for part in path.parts[-4:])]
        yield from (ModelFile("folder", category, path) for path in whole)

    def state(self, category: UploadCategory) -> str:
        """Another text once an analysis would be another: by the models' files and what runs them."""
        files = [(one.slot, str(one.path), *_stat(one.path)) for one in self.of(category)]
        told = [_FORM, has_runtime(), _version("onnxruntime"), _version("opencv-python-headless"), files]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def has_runtime() -> bool:
    """Whether ONNX Runtime is installed."""
    return find_spec("onnxruntime") is not None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns
