"""The functions of a dataset's class: ingests bring rows, transforms make a field of others."""

import ast
from dataclasses import dataclass

from dataferry.versioning.declare.annotations import read_list, read_type
from dataferry.versioning.declare.fingerprints import Fingerprints
from dataferry.versioning.declare.source_text import SourceText
from dataferry.versioning.model.schema import Field, Ingest, Transform

_WITHOUT_SELF = "Functions of a dataset stand without self, below @staticmethod."
_MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class WrittenInput:
    """An argument of a transform. ``type`` is None where none is written; ``has_default``: it may be no
    field, but a setting of the function's own."""

    name: str
    type: Field | None
    has_default: bool
    line: int


def read_ingest(
    source: SourceText, function: ast.FunctionDef, owner: ast.ClassDef, fingerprints: Fingerprints
) -> Ingest | None:
    """None if the function is no ingest. Errors: ``InvalidInput``."""
    decorator = _decorated(source, function, "ingest")
    if decorator is None:
        return None
    options = _options(source, decorator, "ingest", {"replace": bool, "version": (int, str)})
    arguments = function.args
    if arguments.posonlyargs or arguments.args or arguments.vararg or arguments.kwonlyargs or arguments.kwarg:
        raise source.mistake(function, f"{function.name} brings rows and takes no arguments.", _WITHOUT_SELF)
    fingerprint = fingerprints.of(function, owner, "ingest", options.get("version"))
    return Ingest(function.name, fingerprint, function.lineno, bool(options.get("replace")))


def read_transform(
    source: SourceText, function: ast.FunctionDef, owner: ast.ClassDef, fingerprints: Fingerprints
) -> Transform:
    """Its inputs are those that are surely fields: ``check_transforms`` knows of the others.

    Errors: ``InvalidInput``."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Name) and decorator.id in ("classmethod", "property"):
            raise source.mistake(function, f"{function.name} is a {decorator.id}.", _WITHOUT_SELF)
    batch = _batch(source, function)
    if function.returns is None:
        raise source.mistake(
            function,
            f"{function.name} does not say which type it makes.",
            f"Write def {function.name}(…) -> File[png]: for a field, or begin its name with an underscore, "
            "or decorate it with @ingest.",
        )
    read = read_type if batch is None else read_list
    field = read(source, function.returns, function.name)
    if any(
        isinstance(node, ast.Yield | ast.YieldFrom)
        for statement in function.body
        for node in _own_nodes(statement)
    ):
        raise source.mistake(
            function, f"{function.name} yields, and a transform returns one value for each row."
        )
    version = _transform_options(source, function).get("version")
    fingerprint = fingerprints.of(function, owner, field.kind, batch is not None, version)
    inputs = tuple(each.name for each in written_inputs(source, function) if not each.has_default)
    return Transform(field, inputs, fingerprint, function.lineno, batch)


def written_inputs(source: SourceText, function: ast.FunctionDef) -> tuple[WrittenInput, ...]:
    """The arguments of a function. Errors: ``InvalidInput``."""
    arguments = function.args
    if arguments.vararg or arguments.kwarg:
        raise source.mistake(
            function, f"{function.name} takes any arguments; write those that it is made from by their names."
        )
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [
        *[None] * (len(plain) - len(arguments.defaults)),
        *arguments.defaults,
        *arguments.kw_defaults,
    ]
    read = (
        read_type if _decorated(source, function, "ingest") or _batch(source, function) is None else read_list
    )
    return tuple(
        WrittenInput(
            argument.arg,
            read(source, argument.annotation, argument.arg)
            if argument.annotation is not None and default is None
            else None,
            default is not None,
            argument.lineno,
        )
        for argument, default in zip([*plain, *arguments.kwonlyargs], defaults, strict=True)
    )


def _transform_options(source: SourceText, function: ast.FunctionDef) -> dict[str, object]:
    decorator = _decorated(source, function, "transform")
    if decorator is None:
        return {}
    return _options(source, decorator, "transform", {"batch": int, "version": (int, str)})


def _batch(source: SourceText, function: ast.FunctionDef) -> int | None:
    batch = _transform_options(source, function).get("batch")
    if batch is None:
        return None
    assert isinstance(batch, int)
    if not 1 <= batch <= _MOST_ROWS:
        raise source.mistake(function, f"{function.name} takes batches of {batch} rows; write at least 1.")
    return batch


def _decorated(source: SourceText, function: ast.FunctionDef, name: str) -> ast.expr | None:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if source.meaning(called) == name:
            return decorator
    return None


def _options(
    source: SourceText, decorator: ast.expr, name: str, types: dict[str, type | tuple[type, ...]]
) -> dict[str, object]:
    """What is said in a decorator's brackets; only what is written out can be read."""
    if not isinstance(decorator, ast.Call):
        return {}
    known = ", ".join(f"{each}=" for each in types)
    found: dict[str, object] = {}
    if decorator.args:
        raise source.mistake(decorator, f"@{name} takes {known}, each by its name.")
    for keyword in decorator.keywords:
        if keyword.arg not in types:
            raise source.mistake(decorator, f"@{name} takes {known} and not {ast.unparse(keyword)}.")
        try:
            value = source.constant(keyword.value)
        except ValueError:
            value = ...
        expected = types[keyword.arg]
        if value is not None and (
            not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool)
        ):
            raise source.mistake(
                decorator,
                f"{ast.unparse(keyword)} of @{name} cannot be used: it is written out, as a literal.",
            )
        found[keyword.arg] = value
    return found


def _own_nodes(node: ast.AST) -> list[ast.AST]:
    """A piece of code without the functions inside of it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return []
    found: list[ast.AST] = [node]
    for child in ast.iter_child_nodes(node):
        found += _own_nodes(child)
    return found
