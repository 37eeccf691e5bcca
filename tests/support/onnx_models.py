"""Tiny ONNX models, written as protocol buffers by hand: of a picture's mean, or of constants."""

import json
import struct
from collections.abc import Sequence
from typing import Any

_FLOAT, _INT64 = 1, 7


def _varint(number: int) -> bytes:
    written = b""
    while number > 0x7F:
        written += bytes([number & 0x7F | 0x80])
        number >>= 7
    return written + bytes([number])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _fields(*pairs: tuple[int, int | str | bytes]) -> bytes:
    return b"".join(_field(*pair) for pair in pairs)


def tensor(name: str, shape: Sequence[int], values: Sequence[float], kind: int = _FLOAT) -> bytes:
    raw = struct.pack(f"<{len(values)}{'f' if kind == _FLOAT else 'q'}", *values)
    return b"".join(_field(1, size) for size in shape) + _fields((2, kind), (8, name), (9, raw))


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = [_field(1, _field(1, one) if isinstance(one, int) else _field(2, one)) for one in shape]
    of_tensor = _fields((1, _FLOAT), (2, b"".join(sizes)))
    return _fields((1, name), (2, _field(1, of_tensor)))


def _node(kind: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    names = b"".join(_field(1, one) for one in inputs)
    return (
        names + _fields((2, output), (3, output), (4, kind)) + b"".join(_field(5, one) for one in attributes)
    )


def _numbers(name: str, values: Sequence[int]) -> bytes:
    return _field(1, name) + b"".join(_field(8, one) for one in values) + _field(20, 7)


def _number(name: str, value: int) -> bytes:
    return _fields((1, name), (3, value), (20, 2))


def _model(
    nodes: Sequence[bytes],
    initializers: Sequence[bytes],
    given: Sequence[int | str],
    outputs: dict[str, Sequence[int | str]],
    metadata: dict[str, Any],
) -> bytes:
    graph = b"".join(_field(1, one) for one in nodes) + _field(2, "tiny")
    graph += b"".join(_field(5, one) for one in initializers) + _field(11, _value("picture", given))
    graph += b"".join(_field(12, _value(name, shape)) for name, shape in outputs.items())
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in metadata.items()}
    props = b"".join(_field(14, _fields((1, name), (2, value))) for name, value in texts.items())
    return _fields((1, 8), (7, graph), (8, _fields((1, ""), (2, 13)))) + props


def mean_classifier(
    weights: Sequence[float], given: Sequence[int | str] = (1, 1, 32, 32), **metadata: Any
) -> bytes:
    """Multiplies the mean of a grey input with a weight for each label."""
    nodes = [
        _node("ReduceMean", ["picture"], "mean", _numbers("axes", [1, 2, 3]), _number("keepdims", 0)),
        _node("Unsqueeze", ["mean", "axis"], "column"),
        _node("MatMul", ["column", "weights"], "output"),
    ]
    constants = [
        tensor("axis", [1], [1], _INT64),
        tensor("weights", [1, len(weights)], weights),
    ]
    return _model(nodes, constants, given, {"output": [1, len(weights)]}, metadata)


def constant_detector(
    outputs: dict[str, tuple[Sequence[int], Sequence[float]]],
    given: Sequence[int | str] = (1, 3, 64, 64),
    **metadata: Any,
) -> bytes:
    """Answers the same numbers for every picture: shapes and values by the outputs' names."""
    nodes = [_node("ReduceMean", ["picture"], "mean", _number("keepdims", 0))]
    nodes += [_node("Mul", ["mean", "zero"], "nothing")]
    constants = [tensor("zero", [], [0.0])]
    for name, (shape, values) in outputs.items():
        constants.append(tensor(f"{name} values", shape, values))
        nodes.append(_node("Add", [f"{name} values", "nothing"], name))
    shapes: dict[str, Sequence[int | str]] = {name: shape for name, (shape, _) in outputs.items()}
    return _model(nodes, constants, given, shapes, metadata)


def endless(**metadata: Any) -> bytes:
    """Multiplies matrices of 4096 × 4096 again and again: minutes of work."""
    nodes = [
        _node("ReduceMean", ["picture"], "mean", _number("keepdims", 0)),
        _node("Expand", ["mean", "shape"], "m0"),
    ]
    nodes += [_node("MatMul", [f"m{step}", f"m{step}"], f"m{step + 1}") for step in range(200)]
    nodes += [
        _node("ReduceMean", ["m200"], "all", _number("keepdims", 0)),
        _node("Mul", ["all", "one"], "output"),
    ]
    constants = [tensor("shape", [2], [4096, 4096], _INT64), tensor("one", [1, 1], [1.0])]
    return _model(nodes, constants, (1, 1, 32, 32), {"output": [1, 1]}, metadata)


def greedy(**metadata: Any) -> bytes:
    """Wants a table of 64 GB."""
    nodes = [
        _node("ReduceMean", ["picture"], "mean", _number("keepdims", 0)),
        _node("Expand", ["mean", "shape"], "large"),
        _node("ReduceMean", ["large"], "all", _number("keepdims", 0)),
        _node("Mul", ["all", "one"], "output"),
    ]
    constants = [tensor("shape", [2], [131_072, 131_072], _INT64), tensor("one", [1, 1], [1.0])]
    return _model(nodes, constants, (1, 1, 32, 32), {"output": [1, 1]}, metadata)


CHEST = {
    "task": "classification",
    "labels": ["NORMAL", "PNEUMONIA"],
    "range": [0, 1],
    "activation": "softmax",
    "name": "tiny chest",
    "version": "1.2",
    "licence": "CC0-1.0",
}
VEHICLES = {"task": "detection", "labels": ["car", "bus"], "range": [0, 1], "threshold": 0.3, "version": "7"}
