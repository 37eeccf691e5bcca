"""What a model's numbers say: labels with their confidence, or boxes of objects."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dataferry.imaging.analysis.boxes import Box, without_overlaps
from dataferry.imaging.analysis.model_declaration import BadModel, Declaration
from dataferry.imaging.analysis.model_input import Placement

if TYPE_CHECKING:
    import numpy.typing as npt

#: That are told of one picture, and that are looked at.
_MOST_FINDINGS, _MOST_BOXES = 100, 3_000
_MOST_SCORES = 20
_MOST_OVERLAP = 0.45
_FEW = 1e-3


def read_labels(outputs: Sequence["npt.NDArray[Any]"], declared: Declaration) -> dict[str, Any]:
    """``findings``: of a classification the most likely label, of a multilabel one those above its threshold;
    ``scores``: the most likely labels. Errors: ``BadModel``."""
    labels = declared.labels
    values = _finite(outputs[0]).reshape(-1)
    if len(outputs) != 1 or values.size != len(labels):
        shapes = ", ".join(_shape(one) for one in outputs)
        raise BadModel(f"It has {len(labels)} labels, and its output has the shape {shapes}.")
    scores = _activated(values, declared)
    order = sorted(range(len(labels)), key=lambda place: -scores[place])
    ranked = [{"label": labels[place], "confidence": round(float(scores[place]), 4)} for place in order]
    if declared.task == "multilabel":
        told = [one for one in ranked if float(str(one["confidence"])) >= declared.threshold]
    else:
        told = ranked[:1]
    findings = [{"kind": "label", **one, "box": None} for one in told[:_MOST_FINDINGS]]
    return {"findings": findings, "scores": ranked[:_MOST_SCORES]}


def _activated(values: "npt.NDArray[Any]", declared: Declaration) -> "npt.NDArray[Any]":
    """Confidences from 0 to 1."""
    import numpy as np

    scores: npt.NDArray[Any]
    if declared.activation == "softmax":
        powers = np.exp(values - values.max())
        scores = powers / powers.sum()
        return scores
    if declared.activation == "sigmoid":
        scores = 1 / (1 + np.exp(-values.clip(-60, 60)))
        return scores
    if values.min() < -_FEW or values.max() > 1 + _FEW:
        raise BadModel(
            f"Its output goes from {values.min():.3g} to {values.max():.3g}, which is no confidence:"
            " add `activation` with softmax or sigmoid."
        )
    return values.clip(0, 1)


def read_boxes(
    outputs: Mapping[str, "npt.NDArray[Any]"],
    declared: Declaration,
    placement: Placement,
    size: tuple[int, int],
) -> dict[str, Any]:
    """``findings``: boxes in pixels of the picture, whose width and height are ``size``, the surest first.
    Errors: ``BadModel``."""
    corners, scores, kinds = _detections(outputs, len(declared.labels))
    if scores.size and (scores.min() < -_FEW or scores.max() > 1 + _FEW):
        raise BadModel(f"The scores of its boxes go up to {scores.max():.3g}, which is no confidence.")
    sure = [place for place in scores.argsort()[::-1] if scores[place] >= declared.threshold]
    scored: list[tuple[Box, float]] = []
    labels: list[int] = []
    for place in sure[:_MOST_BOXES]:
        box = placement.in_picture(corners[place], size)
        kind = int(kinds[place])
        if not 0 <= kind < len(declared.labels):
            raise BadModel(f"It has {len(declared.labels)} labels, and found an object of the label {kind}.")
        if box[2] >= 1 and box[3] >= 1:
            scored.append((box, float(scores[place])))
            labels.append(kind)
    findings = [
        {
            "kind": "box",
            "label": declared.labels[labels[place]],
            "confidence": round(min(1.0, scored[place][1]), 4),
            "box": [round(value, 1) for value in scored[place][0]],
        }
        for place in _kept(scored, labels)
    ]
    return {"findings": findings[:_MOST_FINDINGS], "scores": []}


def _kept(scored: Sequence[tuple[Box, float]], labels: Sequence[int]) -> list[int]:
    """Objects of two labels may be in one place; two of one label are not."""
    kept = []
    for label in set(labels):
        places = [place for place, one in enumerate(labels) if one == label]
        kept += [places[one] for one in without_overlaps([scored[place] for place in places], _MOST_OVERLAP)]
    return sorted(kept, key=lambda place: -scored[place][1])


def _detections(
    outputs: Mapping[str, "npt.NDArray[Any]"], labels: int
) -> "tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]":
    """Corners (n, 4), scores (n) and labels (n): of outputs that are named ``boxes``, ``scores`` and
    ``labels``; of one with 6 columns; or of one with a centre, a size, and a score for each label."""
    import numpy as np

    found = {name.lower(): _finite(value) for name, value in outputs.items()}
    if {"boxes", "scores", "labels"} <= set(found):
        corners, scores, kinds = (found[name] for name in ("boxes", "scores", "labels"))
        count = scores.size
        if corners.size != 4 * count or kinds.size != count:
            raise _wrong_shape(outputs, labels)
        return corners.reshape(-1, 4), scores.reshape(-1), kinds.reshape(-1)
    if len(found) != 1:
        raise _wrong_shape(outputs, labels)
    [table] = found.values()
    if table.ndim == 3 and table.shape[0] == 1:
        table = table[0]
    if table.ndim != 2:
        raise _wrong_shape(outputs, labels)
    if table.shape[1] == 6 and table.shape[0] != 4 + labels:
        return table[:, :4], table[:, 4], table[:, 5]
    if table.shape[0] != 4 + labels:
        raise _wrong_shape(outputs, labels)
    x, y, width, height = table[:4]
    corners = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 1)
    return corners, table[4:].max(0), table[4:].argmax(0)


def _finite(values: "npt.NDArray[Any]") -> "npt.NDArray[Any]":
    import numpy as np

    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise BadModel("Its output holds no numbers.") from None
    if not np.isfinite(numbers).all():
        raise BadModel("Its output holds what is no number (NaN or infinite).")
    return numbers


def _wrong_shape(outputs: Mapping[str, "npt.NDArray[Any]"], labels: int) -> BadModel:
    shapes = ", ".join(f"{name[:40]} {_shape(value)}" for name, value in outputs.items())
    return BadModel(
        f"Its output has the wrong shape ({shapes}): a detector of {labels} labels has boxes, scores and"
        f" labels, or one table of (n, 6), or one of ({4 + labels}, n)."
    )


def _shape(values: "npt.NDArray[Any]") -> str:
    return "(" + ", ".join(str(one) for one in values.shape) + ")"
