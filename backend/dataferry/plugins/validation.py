"""The check-list of a plugin, one line after the other: what it declares, what it does, and what that gives.

Whoever iterates sees each line as soon as it is known. A check that fails keeps no later one that can be made
without it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from dataferry.core.errors import DataferryError
from dataferry.plugins.base import DatasetPlugin
from dataferry.plugins.contract import SPLIT_NAMES
from dataferry.plugins.faults import file_of, line_of
from dataferry.plugins.required import missing_members

Outcome = Literal["ok", "failed", "skipped"]
#: So many samples of each split are looked at.
_SAMPLES = 64


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what was checked, how it ended, and what was seen or is wrong."""

    name: str
    outcome: Outcome
    detail: str


class Wrong(Exception):
    """What a check found, as a sentence."""


class _Skipped(Exception):
    """Why a check cannot be made here."""


def validate(plugin: DatasetPlugin, *, download: bool = True) -> Iterator[Line]:
    """Check everything that the contract asks for. With ``download`` its files are fetched into the store
    that it is placed in, and deleted at the end: give it one of its own (``placed``)."""
    lacking = {missing.member: f"{missing.why} {missing.next_step}" for missing in missing_members(plugin)}
    for member in _declared(plugin):
        yield _line(plugin, member, partial(_check_declared, plugin, member, lacking))
    yield Line("members", "failed" if lacking else "ok", " ".join(lacking.values()) or "none is missing")
    if lacking:
        return
    if download:
        line = _line(plugin, "download", lambda: _check_download(plugin))
        yield line
        if line.outcome == "failed":
            return
    yield _line(plugin, "is_available", lambda: _check_available(plugin))
    yield _line(plugin, "scan_splits", lambda: _check_splits(plugin))
    for split in SPLIT_NAMES:
        yield _line(plugin, f"load_{split}", partial(_check_samples, plugin, split))
    if plugin.task_type == "detection":
        yield _line(plugin, "category_id_map", lambda: _check_categories(plugin))
        yield _line(plugin, "wrap_for_training", lambda: _check_boxes(plugin))
    if plugin.task_type != "text":
        yield _line(plugin, "training batch", lambda: _train(plugin))
    if download:
        yield _line(plugin, "clear_data", lambda: _check_clear(plugin))


def _line(plugin: DatasetPlugin, name: str, check: Callable[[], str]) -> Line:
    try:
        return Line(name, "ok", check())
    except _Skipped as reason:
        return Line(name, "skipped", str(reason))
    except Wrong as reason:
        return Line(name, "failed", str(reason))
    except DataferryError as error:
        return Line(name, "failed", f"{error.detail} {error.next_step}")
    except (Exception, SystemExit) as error:  # a plugin's code may raise anything
        line = line_of(error, file_of(plugin))
        place = f" in line {line}" if line is not None else ""
        return Line(name, "failed", f"It raises {type(error).__name__}{place}: {error}")


# -- what it declares ------------------------------------------------------------------------------


def _declared(plugin: DatasetPlugin) -> Sequence[str]:
    general = ["name", "display_name", "task_type", "license", "sizes", "data_dirs"]
    if plugin.task_type != "text":
        general[3:3] = ["input_shape", "class_names", "normalization"]
    return general


def _check_declared(plugin: DatasetPlugin, member: str, lacking: dict[str, str]) -> str:
    if member in lacking:
        raise Wrong(lacking[member])
    checks: dict[str, Callable[[DatasetPlugin], str]] = {
        "input_shape": _input_shape,
        "class_names": _class_names,
        "normalization": _normalization,
        "sizes": _sizes,
        "license": _license,
        "data_dirs": lambda plugin: ", ".join(plugin.data_dirs),
    }
    check = checks.get(member)
    return check(plugin) if check else str(getattr(plugin, member))


def _input_shape(plugin: DatasetPlugin) -> str:
    shape = plugin.input_shape
    if len(shape) != 3 or not all(isinstance(one, int) and one > 0 for one in shape):
        raise Wrong(f"input_shape is {shape!r}; give (channels, height, width).")
    return " × ".join(map(str, shape))


def _class_names(plugin: DatasetPlugin) -> str:
    names = list(plugin.class_names)
    if not names or len(set(names)) < len(names):
        raise Wrong("class_names is empty." if not names else "class_names has one name twice.")
    if plugin.num_classes != len(names):
        raise Wrong(f"num_classes is {plugin.num_classes}, and class_names has {len(names)}: leave it out.")
    return f"{len(names)}: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"


def _normalization(plugin: DatasetPlugin) -> str:
    if plugin.normalization is None:
        raise _Skipped("none is given")
    if [len(values) for values in plugin.normalization] != [plugin.input_shape[0]] * 2:
        raise Wrong(f"normalization has not one mean and one deviation for {plugin.input_shape[0]} channels.")
    if not all(deviation > 0 for deviation in plugin.normalization[1]):
        raise Wrong("A standard deviation of normalization is not above 0.")
    return f"{len(plugin.normalization[0])} channels"


def _sizes(plugin: DatasetPlugin) -> str:
    sizes = {split: getattr(plugin, f"{split}_size") for split in SPLIT_NAMES}
    wrong = [split for split, size in sizes.items() if not isinstance(size, int) or size < 0]
    if wrong:
        raise Wrong(f"{wrong[0]}_size is {sizes[wrong[0]]!r}; give a number, 0 where there is no such split.")
    if not any(sizes.values()):
        raise Wrong("Every size is 0; say how many samples each split has.")
    return ", ".join(f"{split} {size:,}" for split, size in sizes.items())


def _license(plugin: DatasetPlugin) -> str:
    if not plugin.license:
        raise _Skipped("none is given: people will be told that it is not known")
    return plugin.license


# -- what it does ----------------------------------------------------------------------------------


def _check_download(plugin: DatasetPlugin) -> str:
    seen: list[float] = []

    class State(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, value)
            if key == "progress":
                seen.append(value)

    state = State()
    plugin.root.mkdir(parents=True, exist_ok=True) if plugin.fetches_itself else None
    plugin.download(state)
    if not seen:
        raise Wrong('download never sets state["progress"].')
    if seen != sorted(seen) or not 0 <= seen[0] <= seen[-1] <= 100:
        raise Wrong('state["progress"] goes back, or leaves 0 to 100.')
    if seen[-1] != 100:
        raise Wrong(f'state["progress"] ends at {seen[-1]:g}, not at 100.')
    if "message" not in state:
        raise Wrong('download never sets state["message"].')
    return f"{len(seen)} steps to 100, “{state['message']}”"


def _check_available(plugin: DatasetPlugin) -> str:
    if plugin.is_available() is not True:
        raise Wrong("It is not True once the dataset is downloaded.")
    for name in plugin.data_dirs if plugin.fetches_itself else ():
        if not (plugin.root / name).is_dir():
            raise Wrong(f"data_dirs names {name}, and there is no such folder in {plugin.root}.")
    return "True"


def _check_splits(plugin: DatasetPlugin) -> str:
    counted = plugin.scan_splits()
    for split in SPLIT_NAMES:
        declared, total = getattr(plugin, f"{split}_size"), counted[split]["total"]
        if declared != total:
            raise Wrong(f"{split}_size is {declared:,}, and {total:,} are there.")
        if not 0 <= counted[split]["labeled"] <= total:
            raise Wrong(f"{split} has {counted[split]['labeled']:,} labels for {total:,} samples.")
    return ", ".join(f"{split} {counted[split]['total']:,}" for split in SPLIT_NAMES)


def _check_samples(plugin: DatasetPlugin, split: str) -> str:
    samples = getattr(plugin, f"load_{split}")()
    declared = getattr(plugin, f"{split}_size")
    if samples is None:
        if declared:
            raise Wrong(f"It returns None, and {split}_size is {declared:,}.")
        return "None: there is no such split"
    if len(samples) != declared:
        raise Wrong(f"It has {len(samples):,} samples, and {split}_size is {declared:,}.")
    looked_at = 0
    for index in islice(range(len(samples)), _SAMPLES):
        _check_sample(plugin, samples[index], index)
        looked_at += 1
    return f"{len(samples):,} samples, {looked_at} looked at"


def _check_sample(plugin: DatasetPlugin, sample: Any, index: int) -> None:
    if plugin.task_type == "text":
        if not isinstance(sample, dict):
            raise Wrong(f"Sample {index} is a {type(sample).__name__}, not a dict.")
        return
    if not isinstance(sample, tuple) or len(sample) != 2:
        raise Wrong(f"Sample {index} is no pair of an image and its label.")
    image, label = sample
    channels = plugin.input_shape[0]
    if len(image.getbands()) != channels:
        raise Wrong(f"Sample {index} is {image.mode}; input_shape says {channels} channels.")
    if plugin.task_type == "classification" and label not in range(-1, plugin.num_classes):
        raise Wrong(f"The label of sample {index} is {label!r}; it must be a position in class_names.")
    if plugin.task_type == "detection":
        for found in label:
            if len(found["bbox"]) != 4 or "category_id" not in found:
                raise Wrong(f"An annotation of sample {index} has no bbox [x, y, w, h] and category_id.")


def _check_categories(plugin: DatasetPlugin) -> str:
    mapping: dict[int, str] = dict(getattr(plugin, "category_id_map"))  # noqa: B009 - only detection has it
    if mapping != dict(plugin.category_id_to_name()):
        raise Wrong("category_id_map and category_id_to_name() do not agree.")
    unknown = sorted(set(mapping.values()) - set(plugin.class_names))
    if unknown:
        raise Wrong(f"It names {unknown[0]!r}, which class_names does not have.")
    return f"{len(mapping)} ids"


def _check_boxes(plugin: DatasetPlugin) -> str:
    import numpy as np

    boxes = 0
    for split in SPLIT_NAMES:
        samples = getattr(plugin, f"load_{split}")()
        wrapped = plugin.wrap_for_training(samples) if samples is not None else ()
        for index in islice(range(len(wrapped)), _SAMPLES):
            target = wrapped[index][1]
            found, labels = np.asarray(target["boxes"]), np.asarray(target["labels"])
            if found.shape != (len(labels), 4):
                raise Wrong(f"boxes of sample {index} of {split} have the shape {found.shape}, not (N, 4).")
            if found.size and not ((found >= 0) & (found <= 1)).all():
                raise Wrong(f"A box of sample {index} of {split} is not [cx, cy, w, h] from 0 to 1.")
            if len(labels) and not ((labels >= 0) & (labels < plugin.num_classes)).all():
                raise Wrong(f"A label of sample {index} of {split} is no position in class_names.")
            boxes += len(labels)
    return f"{boxes:,} boxes looked at"


def _train(plugin: DatasetPlugin) -> str:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise _Skipped("torch is not installed here") from None
    from dataferry.plugins.training_batch import run_batch

    return run_batch(plugin)


def _check_clear(plugin: DatasetPlugin) -> str:
    deleted = plugin.clear_data()
    if not isinstance(deleted, list) or not deleted:
        raise Wrong(f"It returns {deleted!r}; return the list of the folders that it deleted.")
    left = [folder for folder in deleted if Path(folder).exists()]
    if left or plugin.is_available():
        raise Wrong(f"{(left or [str(plugin.root)])[0]} is still there.")
    return f"{len(deleted)} folder{'s' if len(deleted) > 1 else ''} deleted"
