"""The ``#:`` comments above the fields of models, which say what a field is.

Read from the source when the document is made: Pydantic's own way (``use_attribute_docstrings``) reads it
whenever the program starts.
"""

import ast
import inspect
import sys
from functools import cache

_MARK = "#:"


def field_comments(model: type) -> dict[str, str]:
    """Field → comment, of a class and those it inherits from."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if kind.__module__.startswith("dataferry."):
            found |= _comments_of_module(kind.__module__).get(kind.__name__, {})
    return found


@cache
def _comments_of_module(name: str) -> dict[str, dict[str, str]]:
    """Class → field → comment."""
    source = inspect.getsource(sys.modules[name])
    lines = source.splitlines()
    return {
        node.name: {
            field.target.id: comment
            for field in node.body
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            if (comment := _comment_above(lines, field.lineno))
        }
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    }


def _comment_above(lines: list[str], line_number: int) -> str:
    """The comment that ends in the line before this one, which counts from 1."""
    above: list[str] = []
    for line in reversed(lines[: line_number - 1]):
        text = line.strip()
        if not text.startswith(_MARK):
            break
        above.insert(0, text.removeprefix(_MARK).strip())
    return " ".join(above)
