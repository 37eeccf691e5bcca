"""What an ONNX model says of itself in its metadata: how a picture is prepared for it, and what its numbers
mean. What it does not say is not guessed: then it is not used.

Read are the names of ``docs/analysis.md``, and those that Ultralytics' export writes.
"""

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Task = Literal["classification", "multilabel", "detection"]
Activation = Literal["softmax", "sigmoid", "none"]
Fit = Literal["stretch", "letterbox", "crop"]

_TASKS: dict[str, Task] = {
    "classification": "classification",
    "classify": "classification",
    "image-classification": "classification",
    "multilabel": "multilabel",
    "multi-label": "multilabel",
    "detection": "detection",
    "detect": "detection",
    "object-detection": "detection",
}
_LONGEST = 1 << 20
_MOST_LABELS = 100_000
_LARGEST_EDGE = 4096
_LONGEST_NAME = 120


class BadModel(Exception):
    """A model that cannot be used, with the reason as a sentence for its admin."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """``size``: height and width in pixels, and ``channels`` 1 or 3, of its input; None where the shape of
    its input says it. A size that is ``square`` was given as one number, which exporters also write for what
    is not square: the shape comes first. A value of a pixel is brought from 0 to 255 into ``range``, then
    ``mean`` is taken away and it is divided by ``std``. ``threshold``: the least confidence that is told."""

    task: Task
    labels: tuple[str, ...]
    size: tuple[int, int] | None
    square: bool
    channels: int | None
    range: tuple[float, float]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    activation: Activation | None
    threshold: float
    fit: Fit
    bgr: bool
    name: str | None
    version: str | None
    licence: str | None


def read_declaration(metadata: Mapping[str, str]) -> Declaration:
    """Errors: ``BadModel`` for what is missing or makes no sense."""
    given = {name.strip().lower(): value for name, value in metadata.items() if len(value) <= _LONGEST}
    by_ultralytics = given.get("author", "").strip().lower() == "ultralytics"
    task = _TASKS.get(_word(given, "task") or "")
    if task is None:
        said = f"“{given['task'][:40]}”" if "task" in given else "nothing"
        raise BadModel(
            f"Its metadata say {said} of its task: add `task` with classification, multilabel or detection."
        )
    labels = _labels(given)
    if not by_ultralytics and not {"range", "mean", "std"} & set(given):
        raise BadModel(
            "Its metadata do not say how pixels are scaled: add `range` such as [0, 1], or `mean` and `std`."
        )
    return Declaration(
        task=task,
        labels=labels,
        size=_size(given),
        square=isinstance(_parsed(_given_size(given)), int),
        channels=_channels(given),
        range=_pair(given, "range"),
        mean=_numbers(given, "mean", (0.0,)),
        std=_divisors(given),
        activation=_choice(given, "activation", ("softmax", "sigmoid", "none"))
        or ("none" if by_ultralytics else None),
        threshold=_share(given, "threshold", 0.25 if task == "detection" else 0.5),
        fit=_choice(given, "fit", ("stretch", "letterbox", "crop")) or _fit(task, by_ultralytics),
        bgr=(_word(given, "order") or "rgb") == "bgr",
        name=_text(given, "name"),
        version=None if by_ultralytics else _text(given, "version"),  # theirs is that of the exporter
        licence=_text(given, "licence") or _text(given, "license"),
    )


def _fit(task: Task, by_ultralytics: bool) -> Fit:
    if not by_ultralytics:
        return "stretch"
    return "letterbox" if task == "detection" else "crop"


def _labels(given: Mapping[str, str]) -> tuple[str, ...]:
    value = _parsed(given.get("labels") or given.get("names") or "")
    if isinstance(value, Mapping):
        try:
            value = [value[place] for place in sorted(value, key=int)]
        except (TypeError, ValueError):
            value = None
    if isinstance(value, str):
        value = [part.strip() for part in value.replace("\n", ",").split(",") if part.strip()]
    if not isinstance(value, Sequence) or not value or len(value) > _MOST_LABELS:
        raise BadModel("Its metadata have no labels: add `labels`, a JSON list of names in their order.")
    return tuple(_clean(str(one))[:_LONGEST_NAME] or f"label {place}" for place, one in enumerate(value))


def _size(given: Mapping[str, str]) -> tuple[int, int] | None:
    value = _parsed(_given_size(given))
    if value in ("", None):
        return None
    pair = (value, value) if isinstance(value, int) else value
    if not isinstance(pair, Sequence) or len(pair) != 2 or not all(_is_edge(one) for one in pair):
        raise BadModel("Its `size` is not its input's height and width in pixels, such as [224, 224].")
    return int(pair[0]), int(pair[1])


def _given_size(given: Mapping[str, str]) -> str:
    return given.get("size") or given.get("imgsz") or ""


def _is_edge(value: Any) -> bool:
    return isinstance(value, int) and 1 <= value <= _LARGEST_EDGE


def _channels(given: Mapping[str, str]) -> int | None:
    value = _parsed(given.get("channels", ""))
    if value in ("", None):
        return None
    if value not in (1, 3):
        raise BadModel("Its `channels` are neither 1 nor 3.")
    return int(value)


def _pair(given: Mapping[str, str], name: str) -> tuple[float, float]:
    values = _numbers(given, name, (0.0, 1.0))
    if len(values) != 2 or values[0] >= values[1]:
        raise BadModel(f"Its `{name}` is no pair of a lesser and a greater number, such as [0, 1].")
    return values[0], values[1]


def _divisors(given: Mapping[str, str]) -> tuple[float, ...]:
    values = _numbers(given, "std", (1.0,))
    if 0 in values:
        raise BadModel("Its `std` has a 0, by which nothing can be divided.")
    return values


def _numbers(given: Mapping[str, str], name: str, default: tuple[float, ...]) -> tuple[float, ...]:
    value = _parsed(given.get(name, ""))
    if value in ("", None):
        return default
    numbers = [value] if isinstance(value, int | float) else value
    if not isinstance(numbers, Sequence) or not 1 <= len(numbers) <= 3:
        raise BadModel(f"Its `{name}` is no list of one, two or three numbers.")
    try:
        found = tuple(float(one) for one in numbers)
    except (TypeError, ValueError):
        raise BadModel(f"Its `{name}` has what is no number.") from None
    if not all(abs(one) < 1e6 for one in found):  # also false of NaN
        raise BadModel(f"Its `{name}` has a number that makes no sense.")
    return found


def _share(given: Mapping[str, str], name: str, default: float) -> float:
    value = _parsed(given.get(name, ""))
    if value in ("", None):
        return default
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadModel(f"Its `{name}` is no number from 0 to 1.")
    return float(value)


def _choice(given: Mapping[str, str], name: str, allowed: tuple[Any, ...]) -> Any:
    value = _word(given, name)
    if value is not None and value not in allowed:
        raise BadModel(f"Its `{name}` is “{value[:40]}”, and none of {', '.join(allowed)}.")
    return value


def _word(given: Mapping[str, str], name: str) -> str | None:
    return given.get(name, "").strip().strip("\"'").lower() or None


def _text(given: Mapping[str, str], name: str) -> str | None:
    return _clean(given.get(name, "").strip('"'))[:_LONGEST_NAME] or None


def _clean(text: str) -> str:
    return "".join(filter(str.isprintable, text)).strip()


def _parsed(text: str) -> Any:
    """JSON, or what Python writes for a list or a dictionary; else the text itself."""
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return text.strip()
