"""The text of an index file, parsed and never run: its tree, and what its names stand for."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dataferry.core.errors import InvalidInput
from dataferry.versioning.declare.formats import FORMATS, SPELLINGS

PACKAGE = "dataferry.versioning"
_OURS = frozenset({"dataset", "ingest", "transform", "File", *FORMATS, *SPELLINGS})
#: What an index file may use without importing it, by where it usually comes from.
_KNOWN: Mapping[str, str] = {
    **{name: name for name in _OURS},
    **{
        name: name
        for name in ("date", "Path", "Optional", "Union", "ClassVar", "list", "Sequence", "Iterable")
    },
}
_USUAL_MODULES = frozenset(
    {PACKAGE, "datetime", "pathlib", "typing", "typing_extensions", "collections.abc", "builtins"}
)
CORRECT_IT = "Correct it, then commit again."


@dataclass(frozen=True)
class SourceText:
    """``name`` is what errors call the file; ``tree`` has its statements."""

    name: str
    text: str
    tree: ast.Module

    @classmethod
    def parse(cls, text: str, name: str) -> "SourceText":
        """Errors: ``InvalidInput`` with the line that Python does not understand, and where in it."""
        text = text.removeprefix("\ufeff")
        try:
            return cls(name, text, parse_quietly(text))
        except SyntaxError as error:
            raise InvalidInput(_shown(name, error), next_step=CORRECT_IT) from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise InvalidInput(f"{name}: {error or 'nested too deeply'}.", next_step=CORRECT_IT) from error

    def mistake(self, node: ast.AST, sentence: str, next_step: str = CORRECT_IT) -> InvalidInput:
        """What is wrong at a place of the file."""
        return InvalidInput(f"{self.name}:{getattr(node, 'lineno', 1)}: {sentence}", next_step=next_step)

    def meaning(self, node: ast.AST) -> str | None:
        """What an expression names, if it is something that index files are written with, such as ``File``,
        ``png`` or ``date``: whatever it was imported as."""
        if isinstance(node, ast.Name):
            if node.id in self._imported:
                return self._imported[node.id]
            return None if node.id in self._defined else _KNOWN.get(node.id)
        if isinstance(node, ast.Attribute) and (module := _dotted(node.value)):
            return node.attr if self._modules.get(module) in _USUAL_MODULES else None
        return None

    def constant(self, node: ast.AST) -> object:
        """The value of a literal, or of a name of the file that a literal was assigned to.

        Errors: ``ValueError`` for anything else."""
        if isinstance(node, ast.Name):
            values = [
                each.value
                for each in self.tree.body
                if isinstance(each, ast.Assign)
                and any(isinstance(target, ast.Name) and target.id == node.id for target in each.targets)
            ]
            if len(values) == 1:
                return self.constant(values[0])
        return ast.literal_eval(node)

    @cached_property
    def _imported(self) -> dict[str, str | None]:
        """Names that imports bind, with what they are of ours; None for anything else."""
        found: dict[str, str | None] = {}
        for node in self._statements():
            if isinstance(node, ast.ImportFrom):
                usual = node.level == 0 and node.module in _USUAL_MODULES
                for alias in node.names:
                    if alias.name != "*":
                        known = _KNOWN.get(alias.name) if usual else None
                        found[alias.asname or alias.name] = known
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.split(".")[0]] = None
        return found

    @cached_property
    def _modules(self) -> dict[str, str]:
        """What modules are called in the file, with their names."""
        found: dict[str, str] = {}
        for node in self._statements():
            if isinstance(node, ast.Import):
                found |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    @cached_property
    def _defined(self) -> frozenset[str]:
        """Functions and classes of the file itself: they hide what we call so."""
        return frozenset(
            node.name
            for node in self.tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        )

    def _statements(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)


def parse_quietly(text: str | bytes) -> ast.Module:
    """``ast.parse`` without warnings of escapes in strings: they are told when the code runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (rest := _dotted(node.value)):
        return f"{rest}.{node.attr}"
    return None


def _shown(name: str, error: SyntaxError) -> str:
    """The error with its line, and a caret below the place, as Python shows it."""
    sentence = f"{name}:{error.lineno or 1}: {error.msg}."
    if not (error.text or "").strip():
        return sentence
    line = (error.text or "").splitlines()[0]
    before = line[: max((error.offset or 1) - 1, 0)]
    blanks = "".join("\t" if character == "\t" else " " for character in before)
    return f"{sentence}\n{line}\n{blanks}^\n"
