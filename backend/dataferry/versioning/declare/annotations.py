"""The type of a field as an annotation says it, read and never run."""

import ast
from collections.abc import Iterator

from dataferry.core.errors import InvalidInput
from dataferry.versioning.declare.formats import FORMATS, SPELLINGS
from dataferry.versioning.declare.source_text import SourceText
from dataferry.versioning.model.schema import Field, FieldKind

#: Scalar types by what annotations call them.
_SCALARS: dict[str, FieldKind] = {
    "int": "int",
    "float": "float",
    "str": "str",
    "bool": "bool",
    "date": "date",
    "Path": "path",
}
_LISTS = frozenset({"list", "Sequence", "Iterable"})
_TYPES = "File[png | jpg], int, float, str, bool, date or Path, or one of these with | None"


def read_type(source: SourceText, node: ast.expr, name: str) -> Field:
    """The field of this ``name`` that has this annotation. Errors: ``InvalidInput``."""
    members = list(_members(source, _unquoted(source, node, name)))
    optional = any(_is_none(member) for member in members)
    types = [member for member in members if not _is_none(member)]
    if len(types) != 1:
        raise _no_type(source, node, name)
    (written,) = types
    if isinstance(written, ast.Subscript) and source.meaning(written.value) == "File":
        return Field(name, "file", _formats(source, written.slice, name), optional)
    kind = _SCALARS.get(_scalar(source, written) or "")
    if kind is None:
        if source.meaning(written) == "File":
            raise source.mistake(node, f"{name} is a File of no format; write File[png | jpg].")
        raise _no_type(source, node, name)
    return Field(name, kind, (), optional)


def read_list(source: SourceText, node: ast.expr, name: str) -> Field:
    """As ``read_type``, of what a batch has: a list of values. Errors: ``InvalidInput``."""
    written = _unquoted(source, node, name)
    if isinstance(written, ast.Subscript) and source.meaning(written.value) in _LISTS:
        return read_type(source, written.slice, name)
    raise source.mistake(node, f"{name} comes in batches, as a list; write list[{ast.unparse(written)}].")


def is_class_variable(source: SourceText, node: ast.expr) -> bool:
    """Whether an annotation says that this is no field."""
    written = node.value if isinstance(node, ast.Subscript) else node
    return source.meaning(written) == "ClassVar"


def _unquoted(source: SourceText, node: ast.expr, name: str) -> ast.expr:
    """An annotation may be a string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            written = ast.parse(node.value.strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise _no_type(source, node, name) from error
        for each in ast.walk(written):
            ast.copy_location(each, node)
        return written
    return node


def _members(source: SourceText, node: ast.expr) -> Iterator[ast.expr]:
    """Of ``a | b``, ``Optional[a]`` or ``Union[a, b]`` each."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _members(source, node.left)
        yield from _members(source, node.right)
    elif isinstance(node, ast.Subscript) and source.meaning(node.value) in ("Optional", "Union"):
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for each in inside:
            yield from _members(source, each)
        if source.meaning(node.value) == "Optional":
            yield ast.Constant(value=None)
    else:
        yield node


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _scalar(source: SourceText, node: ast.expr) -> str | None:
    if isinstance(node, ast.Name) and node.id in ("int", "float", "str", "bool"):
        return node.id
    return source.meaning(node)


def _formats(source: SourceText, node: ast.expr, name: str) -> tuple[str, ...]:
    found = set()
    for member in _members(source, _unquoted(source, node, name)):
        meaning = source.meaning(member) or ""
        own = SPELLINGS.get(meaning, meaning)
        if own not in FORMATS:
            written = ast.unparse(member)
            raise source.mistake(
                node,
                f"{name} has the format {written}, which is not known{_like(written)}.",
                f"The formats are {', '.join(FORMATS)}; bin takes any file.",
            )
        found.add(own)
    return tuple(sorted(found))


def _like(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), [*FORMATS, *SPELLINGS], n=1)
    return f" (is it {near[0]}?)" if near else ""


def _no_type(source: SourceText, node: ast.expr, name: str) -> InvalidInput:
    written = ast.unparse(node)
    return source.mistake(node, f"{name} has the type {written}.", f"A field is {_TYPES}.")
