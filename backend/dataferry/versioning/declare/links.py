"""How the transforms of a class hang together: each input is a field, and nothing is made from itself."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from dataferry.versioning.declare.functions import WrittenInput
from dataferry.versioning.declare.source_text import SourceText
from dataferry.versioning.model.schema import Field, Transform


def check_transforms(
    source: SourceText,
    owner: ast.ClassDef,
    fields: Sequence[Field],
    transforms: Sequence[Transform],
    arguments: Mapping[str, Sequence[WrittenInput]],
) -> Iterator[Transform]:
    """The transforms with all their inputs. ``arguments``: what each takes, by its name.

    Errors: ``InvalidInput``."""
    known = {field.name: field for field in (*fields, *(each.field for each in transforms))}
    linked = []
    for transform in transforms:
        taken = [
            argument
            for argument in arguments[transform.field.name]
            if not argument.has_default or argument.name in known
        ]
        for argument in taken:
            _check_input(source, owner, transform, argument, known)
        if not taken:
            raise source.mistake(
                _at(transform.line),
                f"{transform.field.name} is made from no field.",
                f"Name the fields that it takes, such as {next(iter(known))}, or decorate it with @ingest.",
            )
        linked.append(replace(transform, inputs=tuple(argument.name for argument in taken)))
    in_order(source, linked)
    yield from linked


def in_order(source: SourceText | None, transforms: Sequence[Transform]) -> list[Transform]:
    """The transforms so that each comes after those that it is made from.

    Errors: ``InvalidInput`` for a cycle; of a file that was read there is none."""
    named = {transform.field.name: transform for transform in transforms}
    ordered: dict[str, Transform] = {}

    def add(transform: Transform, path: tuple[str, ...]) -> None:
        name = transform.field.name
        if name in path:
            circle = " → ".join([*path[path.index(name) :], name])
            assert source is not None
            raise source.mistake(
                _at(transform.line),
                f"{name} is made from itself: {circle}.",
                "Take one of these inputs out, then commit again.",
            )
        if name not in ordered:
            for needed in transform.inputs:
                if needed in named:
                    add(named[needed], (*path, name))
            ordered[name] = transform

    for transform in transforms:
        add(transform, ())
    return list(ordered.values())


def _check_input(
    source: SourceText,
    owner: ast.ClassDef,
    transform: Transform,
    argument: WrittenInput,
    known: Mapping[str, Field],
) -> None:
    name = transform.field.name
    field = known.get(argument.name)
    if field is None:
        if argument.name in ("self", "cls"):
            raise source.mistake(
                _at(argument.line),
                f"{name} takes {argument.name}.",
                "Functions of a dataset stand without it, below @staticmethod.",
            )
        near = get_close_matches(argument.name, known, n=1)
        raise source.mistake(
            _at(argument.line),
            f"{name} is made from {argument.name}, and {owner.name} has no such field"
            f"{f' (is it {near[0]}?)' if near else ''}.",
            f"Its fields are {', '.join(known)}.",
        )
    if argument.type is not None and not _takes(argument.type, field):
        raise source.mistake(
            _at(argument.line),
            f"{name} takes {argument.name} as {argument.type}, and the field is {field}.",
            f"Write {argument.name}: {field}, and let it handle all of these.",
        )


def _takes(taken: Field, field: Field) -> bool:
    if field.optional and not taken.optional:
        return False
    if field.kind == "file":
        return taken.kind == "file" and (set(field.formats) <= set(taken.formats) or "bin" in taken.formats)
    return taken.kind == field.kind or (taken.kind, field.kind) == ("float", "int")


def _at(line: int) -> ast.AST:
    return ast.Pass(lineno=line)
