"""Processes of the version before go on while a migration is run and after it (docs/operating.md): it adds,
and what nobody uses any more goes with a later version. One that does otherwise says in ``CONTRACTS`` why
nobody is hurt."""

import ast
from pathlib import Path

import pytest

from dataferry.core.migrate import migrations_folder

#: Those before were made for databases that nobody upgraded without a pause.
FIRST = "0026"
MIGRATIONS = [path for path in sorted((migrations_folder() / "versions").glob("0*.py")) if path.name >= FIRST]
TAKES_AWAY = {
    *("drop_column", "drop_table", "drop_constraint", "rename_table", "alter_column", "batch_alter_table")
}


def complaints(source: str) -> list[str]:
    """What of an upgrade the version before cannot do with."""
    module = ast.parse(source)
    if any(
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CONTRACTS" for node in module.body
    ):
        return []
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    found = []
    for call in (node for node in ast.walk(functions[0]) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func).rpartition(".")[2]
        if name in TAKES_AWAY or (name == "add_column" and _is_demanded(call.args[1])):
            found.append(ast.unparse(call))
    return found


def _is_demanded(column: ast.expr) -> bool:
    """Whether a row without a value for it is refused."""
    assert isinstance(column, ast.Call)
    options = {option.arg: ast.unparse(option.value) for option in column.keywords}
    return options.get("nullable") == "False" and "server_default" not in options


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem[:4])
def test_the_version_before_can_do_with_the_new_schema(path: Path) -> None:
    assert complaints(path.read_text()) == []


@pytest.mark.parametrize(
    "statement",
    ['op.drop_column("jobs", "owner")', 'op.add_column("jobs", sa.Column("a", sa.String(), nullable=False))'],
)
def test_what_the_version_before_cannot_do_with_is_found(statement: str) -> None:
    assert complaints(f"def upgrade():\n    {statement}\n")
    assert not complaints(f'CONTRACTS = "since 0.2 nobody reads it"\ndef upgrade():\n    {statement}\n')
