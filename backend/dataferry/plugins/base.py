"""What a dataset of images or texts declares, and everything that follows from it.

The least that a plugin says::

    class Mnist(ClassificationPlugin):
        name = "mnist"
        display_name = "MNIST"
        input_shape = (1, 28, 28)
        class_names = tuple("0123456789")
        train_size, test_size = 60_000, 10_000
        normalization = ((0.1307,), (0.3081,))
        license = "CC-BY-SA-3.0"
        files = (RemoteFile("train-images-idx3-ubyte.gz", "https://…", size=9_912_422, sha256="…"), …)

        def read(self, split):
            if split == "val":
                return None
            return IdxSamples(self.root / "train-images-idx3-ubyte.gz", …)

    PLUGIN = Mnist()

``files`` (``RemoteFile``, ``ShippedFile``) say where the bytes come from; they become the manifest of the
``builtin`` source, and the transfer engine does the rest. ``read`` opens one split of what lies in ``root``;
it is called once, also when many threads ask first, and what it returns is kept until ``clear_data``.

A module of a plugin imports no NumPy, Pillow or torch when it is imported: readers do so when they open
something. Indexes that take long are kept in ``index_dir``, which is made for it, and never in ``root``,
where a foreign file is a finding.
"""

import copy
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files as package_files
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Self, cast

from dataferry.core.errors import NotFound
from dataferry.plugins.contract import (
    FETCHED_PERCENT,
    SPLIT_NAMES,
    Plugin,
    RemoteFile,
    ShippedFile,
    SplitName,
    State,
    revision_of,
    size_of,
)
from dataferry.plugins.locations import data_folder, index_folder, own_store, readers_folder, recorded_file
from dataferry.plugins.reading import Reading
from dataferry.plugins.samples import Samples, TrainingBoxes, Transform, TransformedSamples

Normalization = tuple[Sequence[float], Sequence[float]]
"""``((mean, …), (standard deviation, …))``, one value for each channel, of pixels from 0 to 1."""

TASKS = {
    "classification": "image-classification",
    "detection": "object-detection",
    "text": "text-generation",
}


if TYPE_CHECKING:
    derived = property
else:

    class derived:  # noqa: N801 - it stands in the place of property
        """A property that follows from others, and that a plugin may set itself, as older ones do."""

        def __init__(self, compute):
            self._compute = compute
            self.__doc__ = compute.__doc__

        def __get__(self, plugin, kind=None):
            return self if plugin is None else self._compute(plugin)


class DatasetPlugin:
    """A dataset in one file. Sizes count samples; ``val_size`` is 0 where there is no such split.

    ``task_type`` is ``classification`` or ``detection`` (``text`` for a ``TextPlugin``). ``input_shape`` is
    ``(channels, height, width)`` of a sample as training takes it, where samples differ in size the one that
    they are resized to. ``license`` is an SPDX id where there is one; ``license_note`` says whose word that
    is. ``tags`` are further words that people look for it by.
    """

    name: str = ""
    display_name: str = ""
    task_type: str = ""
    input_shape: Sequence[int] = ()
    class_names: Sequence[str] = ()
    train_size: int = 0
    val_size: int = 0
    test_size: int = 0
    normalization: Normalization | None = None
    license: str = ""
    license_note: str = ""
    citation: str = ""
    homepage: str = ""
    description: str = ""
    tags: Sequence[str] = ()
    #: The recordings of several sensors that its files have, by their folders (``kitti_sequences``).
    recordings: Sequence[str] = ()
    files: Sequence[RemoteFile | ShippedFile] = ()
    #: Short names that stand for it, beside its own.
    aliases: Sequence[str] = ()
    #: The import package that ships the ``ShippedFile`` of ``files``, in ``tables/<name>/``.
    package: ClassVar[str] = "dataferry.plugins"

    #: Given by discovery: the store that the data lies in, and the file that the plugin was read from.
    _store: Path | None = None
    _file: Path | None = None
    #: Another folder than the library's own, for a plugin that fetches its files itself.
    _root: Path | None = None
    _read: dict[SplitName, Samples | None]
    _lock: RLock
    _reading: Reading | None = None

    def __new__(cls, *_args: Any, **_named: Any) -> Self:
        """What every plugin has, also one whose own ``__init__`` does not call another."""
        self = super().__new__(cls)
        self._read = {}
        self._lock = RLock()
        return self

    # -- what a plugin with other formats than ours says -----------------------------------------------

    def read(self, split: SplitName) -> Samples | None:
        """Open one split of what lies in ``root``; None where the dataset has no such split.

        Errors: what reading a missing or damaged file raises; it is told as the plugin's fault.
        """
        raise NotImplementedError(f"{type(self).__name__} has neither read() nor load_train()")

    # -- where it lies ---------------------------------------------------------------------------------

    @property
    def _placed_in(self) -> Path:
        return self._store or own_store()

    @property
    def root(self) -> Path:
        """The dataset's folder, there once it is downloaded."""
        return self._root or data_folder(self._placed_in, self.name, self.revision)

    @property
    def index_dir(self) -> Path:
        """A folder for what the plugin computes of its data, made when it is asked for."""
        folder = index_folder(self._placed_in, self.name, self.revision)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def readers_dir(self) -> Path:
        """Where those who read the dataset say so (``reading``)."""
        return readers_folder(self._placed_in, self.name)

    @property
    def recorded_file(self) -> Path:
        """Where the checksums of first downloads are written down (``recorded``)."""
        return recorded_file(self._placed_in, self.name)

    @derived
    def data_dirs(self) -> Sequence[str]:
        """The names of the folders that the dataset owns."""
        return (self.name,)

    @derived
    def revision(self) -> str:
        """It changes when a declared byte does, and for a plugin without ``files`` when its file does."""
        if not self.files and self._file is not None:
            return sha256(self._file.read_bytes()).hexdigest()
        return revision_of(self.files)

    # -- what follows ----------------------------------------------------------------------------------

    @derived
    def num_classes(self) -> int:
        """How many ``class_names`` there are."""
        return len(self.class_names)

    @derived
    def size_bytes(self) -> int | None:
        """Bytes to fetch; None where one file's size is not known."""
        return size_of(self.files) if self.files else None

    @property
    def fetches_itself(self) -> bool:
        """Whether it has a ``download`` of its own in place of ``files``."""
        return type(self).download is not DatasetPlugin.download

    def is_available(self) -> bool:
        """Whether the dataset is whole on this machine. The folder appears with one rename, once every file
        is verified; here it is looked for, and that what is not unpacked has its size. Of a plugin with a
        download of its own each of ``data_dirs`` is looked for."""
        if self.fetches_itself:
            return all((self.root / name).is_dir() for name in self.data_dirs)
        if not self.root.is_dir():
            return False
        plain = [file for file in self.files if isinstance(file, ShippedFile) or not file.unpack]
        return all(self._is_whole(self.root / file.path, file.size) for file in plain)

    def _is_whole(self, path: Path, size: int | None) -> bool:
        return path.is_file() and size in (None, path.stat().st_size)

    def download(self, state: State | None = None) -> None:
        """Fetch, verify and index, without a server. ``state`` moves to 90 with the bytes, to 100 with the
        index, and says what is done.

        Errors: those of ``transfer.fetch``, and what ``read`` raises.
        """
        from dataferry.plugins.fetching import fetch_files

        state = {} if state is None else state
        if not self.is_available():
            fetch_files(self, state)
        self.prepare(state)

    def prepare(self, state: State | None = None) -> None:
        """Open every split once, so that what is indexed is indexed when somebody reads it first."""
        state = {} if state is None else state
        for done, split in enumerate(SPLIT_NAMES):
            state["message"] = f"Indexing {self.display_name}: {split}"
            len(self.loaded_samples(split) or ())  # what counts the samples has its index
            state["progress"] = FETCHED_PERCENT + (100 - FETCHED_PERCENT) * (done + 1) / len(SPLIT_NAMES)
        state["message"] = f"{self.display_name} is here"

    def clear_data(self) -> list[str]:
        """Delete the files, and forget what was read of them. Returns the folders that were deleted; none
        where there was nothing."""
        self.forget()
        shutil.rmtree(index_folder(self._placed_in, self.name, self.revision), ignore_errors=True)
        deleted = self.folders()
        for folder in deleted:
            shutil.rmtree(folder)
        return [str(folder) for folder in deleted]

    def folders(self) -> list[Path]:
        """Those of the dataset's folders that are there: what ``clear_data`` deletes."""
        owned = [self.root / name for name in self.data_dirs] if self.fetches_itself else [self.root]
        return [folder for folder in owned if folder.is_dir()]

    def forget(self) -> None:
        """Drop what was read: the next one who asks reads it anew, and the dataset may be deleted."""
        with self._lock:
            self._read.clear()
            if self._reading is not None:
                self._reading.end()
                self._reading = None

    # -- samples ---------------------------------------------------------------------------------------

    def load_train(self, transform: Transform | None = None) -> Samples | None:
        """The samples to train with; ``transform`` is applied to the image of each."""
        return self._load("train", transform)

    def load_val(self, transform: Transform | None = None) -> Samples | None:
        """The samples to validate with; None where there are none."""
        return self._load("val", transform)

    def load_test(self, transform: Transform | None = None) -> Samples | None:
        """The samples to test with; None where there are none."""
        return self._load("test", transform)

    def scan_splits(self) -> dict[str, dict[str, int]]:
        """How many samples each split has, and how many of them have a label: counted, not declared."""
        found: dict[str, dict[str, int]] = {}
        for split in SPLIT_NAMES:
            samples = self.loaded_samples(split)
            total = 0 if samples is None else len(samples)
            found[split] = {"total": total, "labeled": getattr(samples, "labeled", total)}
        return found

    def samples(self, split: SplitName) -> Samples | None:
        """What ``read`` returns of a split, read once. Errors: ``NotFound`` until it is downloaded."""
        with self._lock:
            if split not in self._read:
                if not self.is_available():
                    raise NotFound(
                        f"{self.display_name} is not on this machine.",
                        next_step=f"Download it first: dataferry download builtin:{self.name}.",
                    )
                self._reading = self._reading or Reading.begun(self.readers_dir)
                self._read[split] = self.read(split)
            return self._read[split]

    def _load(self, split: SplitName, transform: Transform | None) -> Samples | None:
        if type(self).read is DatasetPlugin.read:  # it has another load_<split> of its own
            return None
        samples = self.samples(split)
        return None if samples is None else TransformedSamples(samples, transform)

    def loaded_samples(self, split: SplitName) -> Samples | None:
        """What ``load_<split>`` returns without a transform, whoever wrote it."""
        loaded = cast(Samples | None, getattr(self, f"load_{split}")())
        return loaded.samples if isinstance(loaded, TransformedSamples) else loaded

    # -- detection -------------------------------------------------------------------------------------

    def category_id_to_name(self) -> Mapping[int, str]:
        """``category_id_map``, in the form of a method."""
        return cast(Mapping[int, str], getattr(self, "category_id_map"))  # noqa: B009 - only detection has it

    def wrap_for_training(self, dataset: Samples) -> Samples:
        """A detection split as training wants it; see ``TrainingBoxes``. A class's label is its position in
        ``class_names``, whatever gaps the ids have."""
        by_name = {name: number for number, name in enumerate(self.class_names)}
        positions = {number: by_name[name] for number, name in self.category_id_to_name().items()}
        return TrainingBoxes(dataset, positions)

    # -- for the sources and discovery -----------------------------------------------------------------

    @derived
    def title(self) -> str:
        """``display_name``."""
        return self.display_name

    @derived
    def task(self) -> str:
        """The task as HuggingFace names it."""
        return TASKS.get(self.task_type, self.task_type)

    @derived
    def classes(self) -> tuple[str, ...]:
        """``class_names``."""
        return tuple(self.class_names)

    def open(self, file: ShippedFile) -> BinaryIO:
        """A fresh binary stream over one of the shipped ``files``."""
        folder = package_files(self.package) / "tables" / self.name
        return cast(BinaryIO, (folder / file.path).open("rb"))

    def placed(self, store: Path, file: Path | None = None, **changed: Any) -> Self:
        """The same plugin with its data in ``store``, and with other declarations where a test has smaller
        files: ``placed(store, files=…, train_size=20)``."""
        other = copy.copy(self)
        other._read, other._lock, other._reading = {}, RLock(), None
        other._store, other._file = store, file or self._file
        for name, value in changed.items():
            setattr(other, name, value)
        return other


class ClassificationPlugin(DatasetPlugin):
    """Images with one class each. A sample is ``(PIL image, position in class_names)``."""

    task_type = "classification"


class DetectionPlugin(DatasetPlugin):
    """Images with boxes. A sample is ``(PIL image in RGB, [{"bbox": [x_min, y_min, w, h] in pixels,
    "category_id": id}, …])``.

    ``category_ids`` are the ids of ``class_names``, in the same order; without it they count from 0.
    """

    task_type = "detection"
    category_ids: Sequence[int] = ()

    @property
    def category_id_map(self) -> Mapping[int, str]:
        """The name of each category id that annotations have."""
        ids = self.category_ids or range(len(self.class_names))
        return dict(zip(ids, self.class_names, strict=True))


class TextPlugin(DatasetPlugin):
    """Rows of text, such as a benchmark of language models. A sample is one row, a ``dict``; ``fields`` are
    the names that every row has. It has no classes, shape or normalization."""

    task_type = "text"
    fields: Sequence[str] = ()

    def read(self, split: SplitName) -> Samples | None:
        """The rows of ``<split>.jsonl`` or ``<split>.jsonl.gz`` in ``root``; override it for other names."""
        from dataferry.plugins.text_rows import JsonRows

        for name in (f"{split}.jsonl", f"{split}.jsonl.gz"):
            if (self.root / name).is_file():
                return JsonRows(self.root / name)
        return None


AnyPlugin = Plugin | DatasetPlugin
