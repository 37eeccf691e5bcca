"""Plugins of the tests' own, and any plugin with small files from a server of ours."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from PIL import Image

from dataferry.plugins import (
    ClassificationPlugin,
    DatasetPlugin,
    DetectionPlugin,
    RemoteFile,
    Samples,
    TextPlugin,
)
from dataferry.plugins.contract import SplitName
from tests.fakes.files import FileServer
from tests.plugin_fixtures import Fixture

PETS = ("cat", "dog")
COUNTS: dict[SplitName, int] = {"train": 6, "test": 4}


class PetImages:
    """A folder for each class."""

    def __init__(self, folder: Path) -> None:
        self._found = [(path, PETS.index(path.parent.name)) for path in sorted(folder.rglob("*.png"))]

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, index: int) -> Any:
        path, label = self._found[index]
        return Image.open(path).convert("RGB"), label


class Pets(ClassificationPlugin):
    name = "pets"
    display_name = "Pets"
    input_shape = (3, 8, 10)
    class_names = PETS
    train_size, test_size = COUNTS["train"], COUNTS["test"]
    normalization = ((0.5,) * 3, (0.25,) * 3)
    license = "CC0-1.0"
    citation = "Nobody (2026). Pets."
    files = (RemoteFile("pets.zip", "https://pets.test/pets.zip", unpack=True),)
    reads = 0

    def read(self, split: SplitName) -> Samples | None:
        self.reads += 1
        return PetImages(self.root / split) if split in COUNTS else None


class BoxedImages:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found = json.loads((folder / "boxes.json").read_text())

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, index: int) -> Any:
        name, annotations = self._found[index]
        return Image.open(self._folder / name).convert("RGB"), annotations


class Street(DetectionPlugin):
    """Ids have gaps, and one image has no annotation."""

    name = "street"
    display_name = "Street"
    input_shape = (3, 40, 50)
    class_names = ("car", "person")
    category_ids = (3, 17)
    train_size = 3
    normalization = ((0.0,) * 3, (1.0,) * 3)
    license = "CC0-1.0"
    files = (RemoteFile("street.zip", "https://street.test/street.zip", unpack=True),)

    def read(self, split: SplitName) -> Samples | None:
        return BoxedImages(self.root) if split == "train" else None


class Riddles(TextPlugin):
    name = "riddles"
    display_name = "Riddles"
    fields = ("question", "answer")
    test_size = 2
    license = "MIT"
    files = (RemoteFile("test.jsonl", "https://riddles.test/test.jsonl"),)


def png(width: int, height: int, colour: int = 0) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), (colour, 100, 200)).save(written, "PNG")
    return written.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with ZipFile(written, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return written.getvalue()


def pets() -> Fixture:
    images = {
        f"{split}/{PETS[number % 2]}/{number}.png": png(10, 8, number)
        for split, count in COUNTS.items()
        for number in range(count)
    }
    return Fixture({"pets.zip": zipped(images)})


def street() -> Fixture:
    boxes = [
        ("0.png", [{"bbox": [10, 8, 20, 16], "category_id": 17}, {"bbox": [0, 0, 50, 40], "category_id": 3}]),
        ("1.png", []),
        ("2.png", [{"bbox": [-5, 30, 30, 20], "category_id": 3}]),
    ]
    files = {name: png(50, 40) for name, _ in boxes} | {"boxes.json": json.dumps(boxes).encode()}
    return Fixture({"street.zip": zipped(files)})


def riddles() -> Fixture:
    rows = [{"question": f"{n} + {n}?", "answer": str(2 * n)} for n in range(2)]
    return Fixture({"test.jsonl": "\n".join(map(json.dumps, rows)).encode()})


@contextmanager
def served(plugin: DatasetPlugin, fixture: Fixture, store: Path) -> Iterator[DatasetPlugin]:
    """The plugin with its data in ``store``, and with the fixture's files behind its own paths."""
    with FileServer(dict(fixture.files)) as server:

        def small(file: Any) -> Any:
            content = fixture.files.get(file.path)
            if content is None:
                return file
            digest = sha256(content).hexdigest()
            return replace(
                file, url=server.url(file.path), mirrors=(), size=len(content), sha256=digest, md5=None
            )

        yield plugin.placed(store, files=tuple(map(small, plugin.files)), **fixture.changed)


_SMALL = """from dataclasses import replace

from dataferry.plugins.datasets.{name} import PLUGIN as WHOLE


class Small(type(WHOLE)):
    name = "small_{name}"
    display_name = "Small " + WHOLE.display_name
    files = tuple(
        replace(file, url={urls!r}[file.path], mirrors=(), size=None, sha256=None, md5=None)
        for file in WHOLE.files
    )


for name, value in {changed!r}.items():
    setattr(Small, name, value)
PLUGIN = Small()
"""


def small_plugin(name: str, fixture: Fixture, server: FileServer) -> str:
    """A file for a person's folder: a plugin that is shipped, as ``small_<name>``, with its fixture's files
    from a server, which gets them."""
    served_as = {path: f"{name}/{path}" for path in fixture.files}
    server.files.update({served_as[path]: content for path, content in fixture.files.items()})
    urls = {path: server.url(address) for path, address in served_as.items()}
    return _SMALL.format(name=name, urls=urls, changed=dict(fixture.changed))
