"""Reading an index file without running it."""

import ast
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from dataferry.core.errors import InvalidInput
from dataferry.versioning.declare.annotations import is_class_variable, read_type
from dataferry.versioning.declare.fingerprints import Fingerprints
from dataferry.versioning.declare.functions import read_ingest, read_transform, written_inputs
from dataferry.versioning.declare.links import check_transforms
from dataferry.versioning.declare.local_modules import LocalModules, Read, read_here
from dataferry.versioning.declare.source_text import SourceText
from dataferry.versioning.model.schema import DatasetClass, Field, IndexFile, Ingest, Transform

_REMOTE = re.compile(r"[A-Za-z0-9][\w.-]*")
_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try)


def text_sha256(text: str) -> str:
    """Of an index file, by which it is trusted: the same whichever way its lines end."""
    return sha256(text.replace("\r\n", "\n").encode(errors="surrogatepass")).hexdigest()


def read_index(
    text: str, name: str = "index.py", *, folder: Path | None = None, read: Read = read_here
) -> IndexFile:
    """What an index file declares.

    ``name`` is what errors call it. ``folder``: where it lies; the modules there that its functions import
    are part of their fingerprints. Without it they are not looked at, which is enough to know the fields.
    ``read``: where these modules are read from, if not from the disk.

    Errors: ``InvalidInput``, which names the file and the line.
    """
    source = SourceText.parse(text, name)
    try:
        modules = LocalModules(folder, read) if folder else None
        return IndexFile(_read(source, modules), text_sha256(text))
    except RecursionError as error:
        raise InvalidInput(
            f"{name} is nested too deeply to be read.", next_step="Break up its longest expression."
        ) from error


def _read(source: SourceText, modules: LocalModules | None) -> tuple[DatasetClass, ...]:
    nodes = [
        node
        for node in source.tree.body
        if isinstance(node, ast.ClassDef) and _decorator(source, node) is not None
    ]
    _check_place(source, nodes)
    fingerprints = Fingerprints(source, nodes, modules)
    classes = tuple(_read_class(source, node, fingerprints) for node in nodes)
    _check_names(source, classes)
    return classes


def _decorator(source: SourceText, node: ast.ClassDef) -> ast.expr | None:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if source.meaning(called) == "dataset":
            return decorator
    return None


def _check_place(source: SourceText, found: list[ast.ClassDef]) -> None:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and node not in found and _decorator(source, node) is not None:
            raise source.mistake(
                node,
                f"{node.name} stands inside of something else, where it cannot be read without running it.",
                "Move the class to the top level of the file, then commit again.",
            )
    if not found:
        raise InvalidInput(
            f"{source.name} has no class with @dataset.",
            next_step="Write @dataset above the class whose annotations are the fields.",
        )


def _check_names(source: SourceText, classes: Iterable[DatasetClass]) -> None:
    """Tables are told apart without regard to case, and each field of files has a folder beside the file."""
    tables: dict[str, DatasetClass] = {}
    folders: dict[str, DatasetClass] = {}
    for each in classes:
        if (other := tables.setdefault(each.name.casefold(), each)) is not each:
            raise InvalidInput(
                f"{source.name}:{each.line}: There is a dataset {other.name} in line {other.line} already.",
                next_step="Give each class a name of its own.",
            )
        for field in each.columns:
            if field.kind != "file":
                continue
            if (other := folders.setdefault(field.name.casefold(), each)) is not each:
                raise InvalidInput(
                    f"{source.name}:{each.line}: {other.name} and {each.name} both have files in the folder "
                    f"{field.name}/.",
                    next_step="Name one field otherwise, or put one class into a file of another folder.",
                )


def _read_class(source: SourceText, node: ast.ClassDef, fingerprints: Fingerprints) -> DatasetClass:
    if node.bases or node.keywords:
        raise source.mistake(
            node,
            f"{node.name} has a base class, whose fields cannot be read.",
            "Write all fields into the class itself.",
        )
    if node.name.casefold().startswith("sqlite_"):
        raise source.mistake(node, f"{node.name} is a name that SQLite keeps for itself.")
    fields = _fields(source, node)
    methods = _methods(source, node, fields)
    ingests: list[Ingest] = []
    transforms: list[Transform] = []
    for method in methods:
        if (ingest := read_ingest(source, method, node, fingerprints)) is not None:
            ingests.append(ingest)
        else:
            transforms.append(read_transform(source, method, node, fingerprints))
    inputs = {method.name: written_inputs(source, method) for method in methods}
    read = tuple(check_transforms(source, node, fields, transforms, inputs))
    return DatasetClass(node.name, _remote(source, node), fields, tuple(ingests), read, node.lineno)


def _remote(source: SourceText, node: ast.ClassDef) -> str | None:
    decorator = _decorator(source, node)
    if not isinstance(decorator, ast.Call):
        return None
    if decorator.args or any(keyword.arg != "remote" for keyword in decorator.keywords):
        raise source.mistake(decorator, 'Only remote can be said of a dataset: @dataset(remote="NAME").')
    for keyword in decorator.keywords:
        try:
            remote = source.constant(keyword.value)
        except ValueError:
            remote = ""
        if remote is None:
            return None
        if not isinstance(remote, str) or not _REMOTE.fullmatch(remote):
            raise source.mistake(
                decorator,
                f"{ast.unparse(keyword.value)} is no name of a remote.",
                'It is written out, of letters, digits, ".", "_" and "-": @dataset(remote="awsbucket").',
            )
        return remote
    return None


def _fields(source: SourceText, node: ast.ClassDef) -> tuple[Field, ...]:
    fields: list[Field] = []
    for statement in node.body:
        if isinstance(statement, _COMPOUND) and any(
            isinstance(each, ast.AnnAssign | ast.FunctionDef) for each in ast.walk(statement)
        ):
            raise source.mistake(
                statement,
                f"What {node.name} has would be known only by running it.",
                "Fields and functions stand free, without if, for or with around them.",
            )
        if isinstance(statement, ast.AnnAssign) and not is_class_variable(source, statement.annotation):
            fields.append(_field(source, statement))
    if not fields:
        raise source.mistake(
            node, f"{node.name} has no fields.", "Write one a line, such as image: File[png | jpg]."
        )
    return tuple(fields)


def _field(source: SourceText, statement: ast.AnnAssign) -> Field:
    name = ast.unparse(statement.target)
    if name.startswith("_"):
        raise source.mistake(
            statement,
            f"A field cannot be hidden, and {name} begins with an underscore.",
            "Name it otherwise, or leave out its type if it is no field.",
        )
    if statement.value is not None:
        raise source.mistake(
            statement,
            f"The field {name} has a value, and values come from an ingest.",
            "Leave the value out, or the type if it is no field.",
        )
    return read_type(source, statement.annotation, name)


def _methods(source: SourceText, node: ast.ClassDef, fields: Iterable[Field]) -> list[ast.FunctionDef]:
    """The functions of a class that bring or make data: those that are not hidden. No two things of the class
    have one name, also where case is not told apart: in SQLite, and on some disks."""
    taken = {"id": "the number of the row"}
    methods: list[ast.FunctionDef] = []
    named: list[tuple[str, ast.stmt]] = []
    for statement in node.body:
        if isinstance(statement, ast.AsyncFunctionDef):
            raise source.mistake(statement, f"{statement.name} is asynchronous; write it with def alone.")
        if isinstance(statement, ast.FunctionDef) and not statement.name.startswith("_"):
            methods.append(statement)
            named.append((statement.name, statement))
        elif isinstance(statement, ast.AnnAssign) and any(
            field.name == ast.unparse(statement.target) for field in fields
        ):
            named.append((ast.unparse(statement.target), statement))
    for name, place in named:
        if name.casefold() in taken:
            raise source.mistake(
                place,
                f"{name} is taken already, by {taken[name.casefold()]}; case makes no difference.",
                "Name it otherwise.",
            )
        taken[name.casefold()] = f"line {place.lineno}"
    return methods
