"""ONNX models by what they declare: what is prepared for them, what their numbers mean, and what is said of
one that cannot be used."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dataferry.core.errors import BadImage
from dataferry.imaging.sandbox import TOO_LONG, Sandbox, SandboxLimits
from tests.support.onnx_models import (
    CHEST,
    VEHICLES,
    constant_detector,
    endless,
    greedy,
    mean_classifier,
)

_RUN = "dataferry.imaging.analysis.looks:run_model"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(count=1, limits=SandboxLimits(memory_bytes=3 << 30, seconds=30))
    yield sandbox
    sandbox.close()


def grey(level: int, size: tuple[int, int] = (200, 100)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (level,) * 3).save(written, "PNG")
    return written.getvalue()


def run(sandbox: Sandbox, folder: Path, model: bytes, picture: bytes = b"", **more: Any) -> dict[str, Any]:
    path = folder / "model.onnx"
    path.write_bytes(model)
    return sandbox.call(_RUN, picture or grey(255), path=str(path), **more).value


def test_a_picture_is_prepared_as_the_model_declares(sandbox: Sandbox, tmp_path: Path) -> None:
    """The same model and picture, by the mean of what arrives at the weights."""
    plain = {**CHEST, "activation": "sigmoid", "task": "multilabel", "labels": ["bright"], "threshold": 0}
    scores = []
    for declared in (
        {"range": [0, 1]},
        {"range": [-1, 1]},
        {"range": [0, 255], "mean": [123.5], "std": [60]},
    ):
        found = run(sandbox, tmp_path, mean_classifier([1.0], **{**plain, **declared}), grey(51))
        scores.append(found["scores"][0]["confidence"])
    # 0.2, -0.6 and (51 - 123.5) / 60, each through a sigmoid
    assert scores == [0.5498, 0.3543, 0.23]
    assert found["prepared"] == "32 × 32 pixels, grey"
    last = run(sandbox, tmp_path, mean_classifier([1.0], (1, 32, 32, 3), **plain))
    assert (last["scores"][0]["confidence"], last["prepared"]) == (0.7311, "32 × 32 pixels, colour")
    open_shape = ("n", 1, "height", "width")
    sized = run(sandbox, tmp_path, mean_classifier([1.0], open_shape, **plain, size=[48, 64]))
    assert sized["prepared"] == "64 × 48 pixels, grey"
    # Exporters write the longer side for an input that is not square.
    oblong = run(sandbox, tmp_path, mean_classifier([1.0], ("n", 1, 48, 64), **plain, imgsz=64))
    assert oblong["prepared"] == "64 × 48 pixels, grey"


def test_a_classifier_tells_its_confidence_its_name_and_its_version(sandbox: Sandbox, tmp_path: Path) -> None:
    found = run(sandbox, tmp_path, mean_classifier([0.0, 2.0], **CHEST))
    assert (found["name"], found["version"], found["licence"]) == ("tiny chest", "1.2", "CC0-1.0")
    assert found["findings"] == [{"kind": "label", "label": "PNEUMONIA", "confidence": 0.8808, "box": None}]
    assert [one["label"] for one in found["scores"]] == ["PNEUMONIA", "NORMAL"]
    unnamed = {name: value for name, value in CHEST.items() if name not in ("name", "version")}
    other = run(sandbox, tmp_path, mean_classifier([3.0, 0.0], **unnamed))
    assert (other["name"], other["version"][:7]) == ("model", "sha256 ")


TABLE = [10.0, 20.0, 50.0, 30.0, 0.9, 0.0]
YOLO = [32.0, 32.0, 16.0, 16.0]


@pytest.mark.parametrize(
    ("model", "boxes"),
    [
        (
            constant_detector(
                {
                    "boxes": ([3, 4], [0, 0, 32, 32, 1, 1, 32, 32, 0, 0, 32, 32]),
                    "scores": ([3], [0.5, 0.8, 0.1]),
                    "labels": ([3], [0, 0, 1]),
                },
                **VEHICLES,
            ),
            [("car", 0.8, [3.1, 1.6, 96.9, 48.4])],
        ),
        (
            constant_detector({"out": ([1, 1, 6], TABLE)}, **VEHICLES),
            [("car", 0.9, [31.2, 31.2, 125.0, 15.6])],
        ),
        # As Ultralytics exports it: labels as a dictionary of Python, letterboxed, of a version that is not
        # the model's own.
        (
            constant_detector(
                {"output0": ([1, 6, 2], [v for n in YOLO for v in (n, n)] + [0.1, 0.0, 0.7, 0.0])},
                task="detect",
                names="{0: 'car', 1: 'bus'}",
                author="Ultralytics",
                version="8.3.0",
                imgsz=[64, 64],
            ),
            [("bus", 0.7, [75.0, 25.0, 50.0, 50.0])],
        ),
    ],
    ids=["three outputs", "table", "ultralytics"],
)
def test_boxes_are_in_pixels_of_the_upright_picture(
    sandbox: Sandbox, tmp_path: Path, model: bytes, boxes: list[tuple[str, float, list[float]]]
) -> None:
    found = run(sandbox, tmp_path, model)
    assert [(one["label"], one["confidence"], one["box"]) for one in found["findings"]] == boxes
    assert found["version"] != "8.3.0"


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CHEST.items() if key != name}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (b"PK\x03\x04 no model", "no ONNX model"),
        (mean_classifier([1, 2], **CHEST)[:200], "no ONNX model"),
        (mean_classifier([1, 2, 3], **CHEST), "2 labels, and its output has the shape (1, 3)"),
        (mean_classifier([1, 2], **without("task")), "add `task`"),
        (mean_classifier([1, 2], **without("labels")), "add `labels`"),
        (mean_classifier([1, 2], **without("range")), "add `range`"),
        (mean_classifier([9, 2], **without("activation")), "add `activation`"),
        (mean_classifier([1, 2], (1, 1, "h", "w"), **CHEST), "add `size`"),
        (mean_classifier([1, 2], (1, 7, 32, 32), **CHEST), "7 channels"),
        (mean_classifier([1, 2], **CHEST, size=[224, 224]), "declare 224"),
        (mean_classifier([float("nan"), 2], **CHEST), "NaN"),
        (mean_classifier([1, 2], **{**CHEST, "std": [0]}), "`std`"),
        (constant_detector({"out": ([1, 5, 9], [0.5] * 45)}, **VEHICLES), "wrong shape"),
        (constant_detector({"out": ([1, 1, 6], [*TABLE[:5], 7.0])}, **VEHICLES), "label 7"),
    ],
)
def test_what_is_wrong_with_a_model_is_said(
    sandbox: Sandbox, tmp_path: Path, model: bytes, words: str
) -> None:
    found = run(sandbox, tmp_path, model)
    assert words in found["problem"]
    assert str(tmp_path) not in found["problem"]
    assert "findings" not in found


def test_a_model_that_hangs_or_eats_memory_ends_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    one = {**CHEST, "labels": ["one"], "activation": "sigmoid"}
    with pytest.raises(BadImage) as raised:
        run(sandbox, tmp_path, endless(**one), seconds=2)
    assert raised.value.detail == TOO_LONG
    assert "memory" in run(sandbox, tmp_path, greedy(**one))["problem"].lower()
    assert run(sandbox, tmp_path, mean_classifier([0.0, 2.0], **CHEST))["findings"]
