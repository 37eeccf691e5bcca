"""The contract of a plugin: all that a person may do with one, on small files in its true format.

It runs on every plugin that is found here, and on three of the tests' own, which are what
``docs/plugins.md`` leads to.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dataferry.core.errors import ChecksumMismatch, NotFound
from dataferry.plugins import DatasetPlugin, DetectionPlugin, TextPlugin, builtin_datasets
from dataferry.plugins.contract import SPLIT_NAMES
from tests.plugin_fixtures import Fixture, fixture_of
from tests.support.plugins import Pets, Riddles, Street, pets, riddles, served, street

OWN: dict[str, tuple[DatasetPlugin, Callable[[], Fixture]]] = {
    "pets": (Pets(), pets),
    "street": (Street(), street),
    "riddles": (Riddles(), riddles),
}
SHIPPED = {name: plugin for name, plugin in builtin_datasets().items() if isinstance(plugin, DatasetPlugin)}


@pytest.fixture(params=[*OWN, *SHIPPED])
def plugin(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatasetPlugin]:
    name = request.param
    found, fixture = OWN[name] if name in OWN else (SHIPPED[name], lambda: fixture_of(name))
    small = fixture()
    assert small is not None, f"write tests/plugin_fixtures/{name}.py"
    with served(found, small, tmp_path) as placed:
        yield placed


def test_a_plugin_keeps_the_contract(plugin: DatasetPlugin) -> None:
    assert not plugin.is_available()
    with pytest.raises(NotFound, match="is not on this machine"):
        plugin.scan_splits()
    assert plugin.clear_data() == []
    _download(plugin)
    assert plugin.is_available()
    counted = plugin.scan_splits()
    sizes = (plugin.train_size, plugin.val_size, plugin.test_size)
    assert tuple(counted[split]["total"] for split in SPLIT_NAMES) == sizes
    for split in SPLIT_NAMES:
        samples = getattr(plugin, f"load_{split}")()
        assert (samples is None) == (counted[split]["total"] == 0)
        if samples is not None:
            assert len(samples) == counted[split]["total"]
            _check_samples(plugin, samples)
            with pytest.raises(IndexError):
                samples[len(samples)]
    deleted = plugin.clear_data()
    assert deleted
    assert not any(Path(folder).exists() for folder in deleted)
    assert not plugin.is_available()


def _download(plugin: DatasetPlugin) -> None:
    seen: list[float] = []

    class State(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, value)
            if key == "progress":
                seen.append(value)

    state = State()
    plugin.download(state)
    assert seen == sorted(seen)
    assert seen[-1] == 100 == state["progress"]
    assert plugin.display_name in state["message"]


def _check_samples(plugin: DatasetPlugin, samples: Any) -> None:
    if isinstance(plugin, TextPlugin):
        for row in samples:
            assert set(plugin.fields) <= set(row)
        return
    for image, label in samples:
        assert len(image.getbands()) == plugin.input_shape[0]
        if plugin.task_type == "classification":
            assert label in range(-1, plugin.num_classes)  # -1: its publisher gives it none
    if isinstance(plugin, DetectionPlugin):
        assert dict(plugin.category_id_map) == plugin.category_id_to_name()
        for _, target in plugin.wrap_for_training(samples):
            boxes, labels = target["boxes"], target["labels"]
            assert (boxes.dtype, labels.dtype) == (np.float32, np.int64)
            assert boxes.shape == (len(labels), 4)
            assert ((boxes >= 0) & (boxes <= 1)).all()
            assert all(label in range(plugin.num_classes) for label in labels)


def test_a_split_is_read_once_however_many_threads_ask(tmp_path: Path) -> None:
    with served(Pets(), pets(), tmp_path) as plugin, ThreadPoolExecutor(8) as threads:
        assert isinstance(plugin, Pets)
        plugin.download({})
        plugin.forget()
        plugin.reads = 0
        lengths = {len(samples or ()) for samples in threads.map(lambda _: plugin.load_train(), range(64))}
        assert (lengths, plugin.reads) == ({6}, 1)


def test_boxes_are_centres_in_parts_of_the_image_and_labels_positions(tmp_path: Path) -> None:
    with served(Street(), street(), tmp_path) as plugin:
        plugin.download({})
        plain = [target for _, target in plugin.wrap_for_training(plugin.load_train() or ())]
        tensors = plugin.load_train(lambda image: np.zeros((3, 20, 25), np.float32))
        transformed = [target for _, target in plugin.wrap_for_training(tensors or ())]
    for targets in (plain, transformed):
        assert np.allclose(targets[0]["boxes"], [[0.4, 0.4, 0.4, 0.4], [0.5, 0.5, 1, 1]])
        assert targets[0]["labels"].tolist() == [1, 0]
        assert (targets[1]["boxes"].shape, targets[1]["labels"].shape) == ((0, 4), (0,))
        assert np.allclose(targets[2]["boxes"], [[0.25, 0.875, 0.5, 0.25]])


def test_training_gets_no_crowd_and_no_box_without_an_area(tmp_path: Path) -> None:
    samples = [
        (
            Image.new("RGB", (100, 50)),
            [
                {"bbox": [10, 10, 20, 20], "category_id": 3, "iscrowd": 1},
                {"bbox": [10, 10, 0, 20], "category_id": 3},
                {"bbox": [120, 10, 20, 20], "category_id": 3},
                {"bbox": [float("nan"), 10, 20, 20], "category_id": 3},
                {"bbox": [10, 10, 20, 20], "category_id": -1},
                {"bbox": [90, 40, 20, 20], "category_id": 17},
            ],
        )
    ]
    (target,) = [target for _, target in Street().wrap_for_training(samples)]
    assert np.allclose(target["boxes"], [[0.95, 0.9, 0.1, 0.2]])
    assert target["labels"].tolist() == [1]


def test_bytes_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    with served(Riddles(), riddles(), tmp_path) as plugin:
        wrong = plugin.placed(tmp_path, files=tuple(_other_checksum(file) for file in plugin.files))
        with pytest.raises(ChecksumMismatch):
            wrong.download({})
        assert not wrong.is_available()


def _other_checksum(file: Any) -> Any:
    return replace(file, sha256="ab" * 32)
