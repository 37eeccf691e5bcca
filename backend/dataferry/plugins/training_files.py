"""``data.yaml`` and its folders, as training tools for images read them.

::

    <folder>/data.yaml                      path, train, val, test, nc, names: every path absolute
    <folder>/images/train/000000.jpg        detection: links to the dataset's own files
    <folder>/labels/train/000000.txt        a line for each box: class cx cy w h, from 0 to 1
    <folder>/train/cat/000000.jpg           classification: a folder for each class
"""

import json
import os
from pathlib import Path
from typing import Any

from dataferry.core.errors import InvalidInput
from dataferry.plugins.base import DatasetPlugin
from dataferry.plugins.contract import SPLIT_NAMES
from dataferry.plugins.samples import TransformedSamples, position


def write_training_files(plugin: DatasetPlugin, folder: Path) -> Path:
    """Write ``data.yaml`` and what it names below ``folder``, which must be empty or new. Returns its path.

    An image that lies in a file of its own is linked, any other is written as PNG. Errors: ``InvalidInput``
    for a dataset without images and for a folder that is in use; ``NotFound`` until it is downloaded.
    """
    if plugin.task_type not in ("classification", "detection"):
        raise InvalidInput(f"{plugin.display_name} has no images.", next_step="Choose one that has.")
    folder = folder.expanduser().absolute()
    if folder.exists() and any(folder.iterdir()):
        raise InvalidInput(f"{folder} is not empty.", next_step="Name a new folder.")
    written: dict[str, Path] = {}
    for split in SPLIT_NAMES:
        samples: Any = getattr(plugin, f"load_{split}")()
        if samples is not None:
            boxed = plugin.task_type == "detection"
            written[split] = (_write_boxes if boxed else _write_classes)(plugin, samples, split, folder)
    page = folder / "data.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    page.write_text(_yaml(plugin, folder, written), encoding="utf-8")
    return page


def _write_boxes(plugin: DatasetPlugin, samples: Any, split: str, folder: Path) -> Path:
    images, labels = folder / "images" / split, folder / "labels" / split
    images.mkdir(parents=True)
    labels.mkdir(parents=True)
    wrapped = plugin.wrap_for_training(samples)
    for index in range(len(wrapped)):
        image, target = wrapped[index]
        lines = [
            f"{label} {' '.join(f'{number:.6g}' for number in box)}\n"
            for label, box in zip(target["labels"].tolist(), target["boxes"].tolist(), strict=True)
        ]
        (labels / f"{index:06}.txt").write_text("".join(lines), encoding="utf-8")
        _put(image, _file_of(samples, index), images / f"{index:06}")
    return images


def _write_classes(plugin: DatasetPlugin, samples: Any, split: str, folder: Path) -> Path:
    for index in range(len(samples)):
        image, label = samples[index]
        if label < 0:
            continue  # its publisher gives it no label
        target = folder / split / plugin.class_names[label].replace("/", "_")
        target.mkdir(parents=True, exist_ok=True)
        _put(image, _file_of(samples, index), target / f"{index:06}")
    (folder / split).mkdir(parents=True, exist_ok=True)
    return folder / split


def _file_of(samples: Any, index: int) -> Path | None:
    """The file of a sample's image, where its reader tells one."""
    inner = samples.samples if isinstance(samples, TransformedSamples) else samples
    path = getattr(inner, "path", None)
    return Path(path(position(index, len(inner)))) if callable(path) else None


def _put(image: Any, file: Path | None, place: Path) -> None:
    if file is not None and file.is_file():
        os.symlink(file.resolve(), place.with_suffix(file.suffix.lower()))
    else:
        image.save(place.with_suffix(".png"))


def _yaml(plugin: DatasetPlugin, folder: Path, written: dict[str, Path]) -> str:
    """YAML without a library: every text is written as JSON, which YAML reads."""
    lines = [f"# {plugin.display_name}, revision {plugin.revision[:12]}"]
    lines.append(f"path: {json.dumps(str(folder), ensure_ascii=False)}")
    # Tools want train and val both: without one, the other is named twice.
    paths = {"train": written.get("train"), "val": written.get("val") or written.get("test")}
    paths = {name: path or next(iter(written.values())) for name, path in paths.items()}
    for name, path in (paths | {"test": written["test"]} if "test" in written else paths).items():
        lines.append(f"{name}: {json.dumps(str(path), ensure_ascii=False)}")
    lines.append(f"nc: {plugin.num_classes}")
    lines.append("names:")
    names = (json.dumps(name, ensure_ascii=False) for name in plugin.class_names)
    lines += [f"  {number}: {name}" for number, name in enumerate(names)]
    return "\n".join(lines) + "\n"
