"""Fingerprints of functions: they change with what a function does, and not with how it is written down.

A fingerprint covers the function, whatever of its file it uses (other functions, classes, constants, imports)
and modules that lie beside the file and are imported by what it uses. Comments, docstrings, formatting,
annotations and the function's own name are left out. It is the same under every version of Python.
"""

import ast
from collections.abc import Iterable, Iterator
from hashlib import sha256

from dataferry.versioning.declare.local_modules import LocalModules
from dataferry.versioning.declare.source_text import SourceText

#: The statements that bind each name: there may be several.
_Scope = dict[str, list[ast.AST]]
#: Of a node, what says where it stands, how it is spelled or which type it has for a reader.
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "returns", "type_ignores", "type_params"})
_ANNOTATIONS = frozenset({"annotation", "returns"})
#: Decorators that say how a function is called, and nothing of what it does.
_OUR_DECORATORS = frozenset({"ingest", "transform"})


class Fingerprints:
    """Of the functions of one file. ``datasets``: its classes with ``@dataset``, of which only what is used
    counts. ``modules``: the file's own; without them they are not looked at."""

    def __init__(
        self, source: SourceText, datasets: Iterable[ast.ClassDef], modules: LocalModules | None
    ) -> None:
        self._source = source
        self._datasets = {node.name: _bindings(node.body) for node in datasets}
        self._module = {
            name: nodes for name, nodes in _bindings(source.tree.body).items() if name not in self._datasets
        }
        self._modules = modules

    def of(self, function: ast.FunctionDef, owner: ast.ClassDef, *declared: object) -> str:
        """``declared``: what else decides what it makes, such as its ``version``."""
        bare = ast.FunctionDef(
            name="",
            args=function.args,
            body=_without_docstring(function, function.body),
            decorator_list=[each for each in function.decorator_list if not self._is_ours(each)],
            lineno=function.lineno,
        )
        members = self._datasets[owner.name]
        parts: set[str] = set()
        todo: list[ast.AST] = [bare]
        while todo:
            node = todo.pop()
            if (part := canonical(node)) not in parts:
                parts |= {part, *self._imported(node)}
                todo += self._used(node, members)
        content = "\n".join([repr(declared), *sorted(parts)])
        return sha256(content.encode(errors="surrogatepass")).hexdigest()

    def _is_ours(self, decorator: ast.expr) -> bool:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Name) and called.id == "staticmethod":
            return True
        return self._source.meaning(called) in _OUR_DECORATORS

    def _used(self, node: ast.AST, members: _Scope) -> Iterator[ast.AST]:
        """What of the file a piece of code names. A function's body does not see its class, and its own
        arguments hide what has their names elsewhere."""
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from self._named(node, members)
            return
        arguments = node.args
        for piece in (*node.decorator_list, *arguments.defaults, *arguments.kw_defaults):
            if piece is not None:
                yield from self._named(piece, members)
        own = {each.arg for each in ast.walk(arguments) if isinstance(each, ast.arg)}
        for statement in node.body:
            yield from self._named(statement, {}, own)

    def _named(self, node: ast.AST, members: _Scope, hidden: Iterable[str] = ()) -> Iterator[ast.AST]:
        for each in _walk(node):
            if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
                yield from self._datasets.get(each.value.id, {}).get(each.attr, [])
            elif isinstance(each, ast.Name) and each.id not in hidden and self._source.meaning(each) is None:
                yield from members.get(each.id) or self._module.get(each.id, [])

    def _imported(self, node: ast.AST) -> set[str]:
        """The contents of modules beside the file that are imported in a piece of code, and of theirs."""
        if self._modules is None:
            return set()
        return {canonical(module) for module in self._modules.imported(node).values()}


def canonical(node: object) -> str:
    """A tree as text that is the same whenever the code does the same."""
    if isinstance(node, ast.AST):
        return f"{type(node).__name__}({','.join(_fields(node))})"
    if isinstance(node, list):
        return f"[{','.join(canonical(each) for each in node)}]"
    return repr(node)


def _fields(node: ast.AST) -> Iterator[str]:
    for name, value in ast.iter_fields(node):
        if name in _LEFT_OUT or value is None or value == []:
            continue
        if name == "annotation" and isinstance(node, ast.arg):
            continue
        if name == "body" and isinstance(value, list):
            value = _without_docstring(node, value)
        if isinstance(node, ast.JoinedStr):
            # Some versions of Python leave empty text between the values.
            value = [each for each in value if not (isinstance(each, ast.Constant) and each.value == "")]
        yield f"{name}={canonical(value)}"


def _without_docstring(node: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) or not body:
        return body
    first = body[0]
    documents = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return body[1:] if documents else body


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """A piece of code without its annotations."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in _ANNOTATIONS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _bindings(body: Iterable[ast.stmt]) -> _Scope:
    found: _Scope = {}
    for statement in body:
        for name, binding in _bound(statement):
            if binding not in (nodes := found.setdefault(name, [])):
                nodes.append(binding)
    return found


def _bound(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """The names that a statement binds, with what binds them: of an import only what it does for the name."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name, statement
        return
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield (alias.asname or alias.name).split(".")[0], _only(statement, alias)
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, statement
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0], statement
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, statement


def _only(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(statement, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=statement.module, names=[alias], level=statement.level)
