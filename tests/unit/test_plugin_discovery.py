"""A person's folder of plugins: what is found in it, and what is told of what is not."""

import logging
from pathlib import Path

import pytest

from dataferry.core.errors import NotFound
from dataferry.plugins import DatasetPlugin, Plugins, person, trial
from dataferry.plugins.discovery import discover
from dataferry.plugins.loader import get_dataset_plugin
from tests.fakes.files import FileServer
from tests.support.plugins import pets

#: The seed's own minimal plugin, with the address of its archive.
MINIMAL = """
from pathlib import Path

from PIL import Image

from app.config import DATASETS_DIR
from app.utils.download import download_and_extract
from ..base import DatasetPlugin
from ..loader import register_dataset

ROOT = DATASETS_DIR / "my_dataset"


class Pictures:
    def __init__(self, folder, transform):
        self.transform = transform
        self.found = [(path, label) for label, name in enumerate(["cat", "dog"])
                      for path in sorted((folder / name).glob("*.png"))]

    def __len__(self):
        return len(self.found)

    def __getitem__(self, index):
        path, label = self.found[index]
        image = Image.open(path).convert("RGB")
        return (self.transform(image) if self.transform else image), label


class MyDataset(DatasetPlugin):
    name = "my_dataset"
    display_name = "My Dataset"
    task_type = "classification"
    input_shape = [3, 8, 10]
    class_names = ["cat", "dog"]
    train_size = 6
    test_size = 4
    normalization = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    data_dirs = ["my_dataset"]

    def __init__(self):
        self.num_classes = 2

    def is_available(self):
        return (ROOT / "train").exists() and (ROOT / "test").exists()

    def download(self, state):
        download_and_extract(URL, ROOT, stateLABEL)
        state["message"] = "Done"
        state["progress"] = 100

    def load_train(self, transform=None):
        return Pictures(ROOT / "train", transform)

    def load_test(self, transform=None):
        return Pictures(ROOT / "test", transform)


register_dataset(MyDataset())
"""


def written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "plugins"


def found_in(folder: Path) -> Plugins:
    return discover(folder, folder.parent / "store")


@pytest.mark.parametrize("label", ["", ', "Fetching pictures"'])
def test_the_minimal_plugin_of_the_seed_loads_unchanged(folder: Path, label: str) -> None:
    with FileServer(dict(pets().files)) as server:
        text = MINIMAL.replace("LABEL", label).replace("URL", repr(server.url("pets.zip")))
        written(folder, "my_dataset.py", text)
        plugin = found_in(folder)["my_dataset"]
        assert isinstance(plugin, DatasetPlugin)
        assert (plugin.display_name, plugin.num_classes, plugin.is_available()) == ("My Dataset", 2, False)
        messages: set[str] = set()

        class State(dict[str, object]):
            def __setitem__(self, key: str, value: object) -> None:
                super().__setitem__(key, value)
                messages.add(str(value))

        state = State()
        plugin.download(state)
    assert any(message.startswith("Fetching pictures" if label else "pets.zip") for message in messages)
    assert (plugin.is_available(), state["progress"]) == (True, 100)
    counted = plugin.scan_splits()
    assert [counted[split]["total"] for split in ("train", "val", "test")] == [6, 0, 4]
    train = plugin.load_train(lambda image: image.size)
    assert train is not None
    assert train[0] == ((10, 8), 0)
    (deleted,) = plugin.clear_data()
    assert Path(deleted).is_relative_to(folder.parent / "store")
    assert not plugin.is_available()


def test_an_argument_that_it_never_had_is_refused_with_the_right_ones(folder: Path) -> None:
    text = MINIMAL.replace("stateLABEL", "state, extract_dir=ROOT").replace("URL", "'http://host.test/a'")
    written(folder, "my_dataset.py", text)
    plugin = found_in(folder)["my_dataset"]
    assert isinstance(plugin, DatasetPlugin)
    with pytest.raises(TypeError, match=r"extract_to, state, step_label.* without extract_dir"):
        plugin.download({})


NATIVE = """
from dataferry.plugins import ClassificationPlugin, RemoteFile

class Named(ClassificationPlugin):
    name = {name!r}
    display_name = "Named"
    files = (RemoteFile("a", "https://host.test/a"),)

    def read(self, split):
        return None

PLUGIN = Named()
"""
DETECTION = """
from ..base import DatasetPlugin
from ..loader import register_dataset

class Boxes(DatasetPlugin):
    name = "boxes"
    display_name = "Boxes"
    task_type = "detection"
    def download(self, state): ...
    def load_train(self, transform=None): ...

register_dataset(Boxes())
"""
COMPLETE = MINIMAL.replace("LABEL", "")


def _line(beginning: str) -> int:
    lines = COMPLETE.splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(beginning))


BROKEN = {
    "a_syntax.py": ("x = 1\nclass\n", "import", 2, "SyntaxError"),
    "b_import.py": ("\n\nimport no_such_module\n", "import", 3, "no_such_module"),
    "c_exit.py": ("import sys\nsys.exit(3)\n", "import", 2, "SystemExit"),
    "d_forgotten.py": (
        COMPLETE.partition("register_dataset(My")[0],
        "not_registered",
        _line("class MyDataset"),
        "(MyDataset())",
    ),
    "e_class.py": (
        COMPLETE.replace("MyDataset())", "MyDataset)"),
        "import",
        _line("register_dataset("),
        "MyDataset())",
    ),
    "f_name.py": (NATIVE.format(name="Not A Name"), "contract", None, "lower case"),
    "g_taken.py": (NATIVE.format(name="iris"), "name_taken", None, "iris.py"),
    "h_boxes.py": (DETECTION, "contract", None, "category_id_map"),
    "hh_raises_in_a_property.py": (
        NATIVE.format(name="h") + "Named.class_names = property(lambda self: 1 / 0)\n",
        "contract",
        13,
        "division by zero",
    ),
    "hh_text.py": (NATIVE.format(name="hh") + "Named.homepage = None\n", "contract", None, "homepage"),
    "hh_wrong_number.py": (
        NATIVE.format(name="hhw") + "Named.train_size = 'many'\n",
        "contract",
        None,
        "train_size",
    ),
    "hi_base.py": ("class E(BaseException): ...\nraise E('beyond')\n", "import", 2, "beyond"),
    "hj_list.toml": ('name = "x"\nformat = ["jsonl"]\n', "manifest", 2, "use one of"),
    "i_clear.py": (NATIVE.format(name="i") + "PLUGIN.clear_data = None\n", "contract", None, "clear_data"),
}


def test_a_broken_plugin_is_told_with_its_file_and_line_and_hides_no_other(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, (text, *_) in BROKEN.items():
        written(folder, name, text)
    written(folder, "good.py", NATIVE.format(name="good"))
    written(folder, "_part_of_another.py", "raise OSError")
    with caplog.at_level(logging.WARNING):
        plugins = found_in(folder)
    assert {"good", "iris"} <= set(plugins)
    assert plugins.found["iris"].origin == "dataferry"
    told = {Path(fault.where).name: fault for fault in plugins.faults}
    assert list(told) == list(BROKEN)
    for name, (_, kind, line, word) in BROKEN.items():
        fault = told[name]
        assert (fault.kind, fault.line) == (kind, line), name
        assert word in str(fault), name
        assert str(fault) in caplog.text


#: What would keep the program from starting or from ending: the line that is told, and a word.
UNENDING = {
    "a_loop.py": ("x = 1\nwhile True:\n    x += 1\n", (2, 3), "within 1 s"),
    "b_exit.py": ("import os\nos._exit(3)\n", (None,), "exit code 3"),
    "c_memory.py": ("x = bytearray(1 << 50)\n", (1,), "MemoryError"),
    "d_thread.py": (
        "import threading\nthreading.Thread(target=threading.Event().wait).start()\n",
        (None,),
        "leaves a thread behind",
    ),
    "e_input.py": ("\ninput()\n", (2,), "EOFError"),
    "f_property.py": (
        NATIVE.format(name="f") + "Named.class_names = property(lambda self: exit(4))\n",
        (13,),
        "SystemExit",
    ),
}


def test_what_would_keep_the_program_from_starting_or_ending_is_left_out(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_FILE_S", 1.0)
    monkeypatch.setattr(person, "_SLOW_S", 0.5)
    for name, (text, *_) in UNENDING.items():
        written(folder, name, text)
    written(folder, "good.py", NATIVE.format(name="good"))
    plugins = found_in(folder)
    assert "good" in plugins
    assert f"the start waits for the plugin {folder / 'a_loop.py'}" in caplog.text
    told = {Path(fault.where).name: fault for fault in plugins.faults}
    assert list(told) == list(UNENDING)
    for name, (_, lines, word) in UNENDING.items():
        assert told[name].line in lines, told[name]
        assert word in told[name].detail, name


def test_a_file_that_has_passed_is_tried_again_once_it_changes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_FILE_S", 2.0)
    path = written(
        folder,
        "good.py",
        NATIVE.format(name="good") + "with open(__file__ + '.log', 'a') as log:\n    log.write('x')\n",
    )
    log = Path(f"{path}.log")
    for runs in ("xx", "xxx"):  # the trial and ours, then ours alone
        found_in(folder)
        assert log.read_text() == runs
    written(folder, "good.py", "while True: pass\n")
    assert [fault.line for fault in found_in(folder).faults] == [1]


def test_an_unknown_name_is_told_with_those_that_there_are() -> None:
    with pytest.raises(NotFound, match="no plugin named 'nothing'") as missing:
        get_dataset_plugin("nothing")
    assert "iris" in str(missing.value.next_step)
