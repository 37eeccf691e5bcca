"""The built-in datasets: found by being there, true to their declaration, and reproducible."""

import csv
import io
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from dataferry.core.types import DatasetRef
from dataferry.plugins import Plugin, ShippedFile, builtin_datasets, trial
from dataferry.plugins.discovery import discover
from dataferry.plugins.locations import tried_file

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "backend" / "dataferry" / "plugins" / "tables"


#: Those that are declared as tables; the others have tests of their own.
BUILTIN_TABLES = {name: p for name, p in builtin_datasets().items() if isinstance(p, Plugin)}


@pytest.fixture(params=sorted(BUILTIN_TABLES))
def plugin(request: pytest.FixtureRequest) -> Plugin:
    return BUILTIN_TABLES[request.param]


def shipped(plugin: Plugin) -> dict[str, ShippedFile]:
    return {file.path: file for file in plugin.files if isinstance(file, ShippedFile)}


def rows(plugin: Plugin, path: str) -> list[list[str]]:
    with plugin.open(shipped(plugin)[path]) as stream:
        return list(csv.reader(io.StringIO(stream.read().decode(), newline="")))


def test_the_five_real_tables_are_there() -> None:
    assert {"iris", "wine", "breast_cancer", "diabetes", "digits"} <= set(builtin_datasets())


def test_name_is_a_valid_id_and_folder(plugin: Plugin) -> None:
    assert str(DatasetRef.make("builtin", plugin.name)) == f"builtin:{plugin.name}"
    assert {path.name for path in (TABLES / plugin.name).iterdir()} == set(shipped(plugin))


def test_files_have_the_pinned_bytes(plugin: Plugin) -> None:
    for file in shipped(plugin).values():
        with plugin.open(file) as stream:
            content = stream.read()
        assert (len(content), sha256(content).hexdigest()) == (file.size, file.sha256), file.path


def test_splits_are_as_declared(plugin: Plugin) -> None:
    for split in plugin.splits:
        header, *records = rows(plugin, split.path)
        assert header == [column.name for column in plugin.columns]
        assert len(records) == split.rows
        assert {len(record) for record in records} == {len(header)}
        for record in records:
            for value in record[:-1]:
                float(value)


def test_splits_share_no_row_beyond_the_original_duplicates(plugin: Plugin) -> None:
    # Two of the iris flowers have equal measurements.
    train, test = (Counter(map(tuple, rows(plugin, split.path)[1:])) for split in plugin.splits)
    assert sum((train & test).values()) <= 1


def test_target_is_the_last_column(plugin: Plugin) -> None:
    assert [column.role for column in plugin.columns].index("target") == len(plugin.columns) - 1
    for split in plugin.splits:
        targets = Counter(record[-1] for record in rows(plugin, split.path)[1:])
        if plugin.classes:
            assert set(targets) == set(plugin.classes)


def test_readme_tells_source_licence_and_columns(plugin: Plugin) -> None:
    with plugin.open(shipped(plugin)["README.md"]) as stream:
        readme = stream.read().decode()
    assert plugin.homepage in readme
    assert plugin.license in readme
    assert all(f"`{column.name}`" in readme for column in plugin.columns)
    assert plugin.homepage in (TABLES / "NOTICE.md").read_text(encoding="utf-8")


def test_revision_changes_with_a_byte(plugin: Plugin) -> None:
    lines = sorted(f"{file.sha256}  {file.path}\n" for file in plugin.files)
    assert plugin.revision == sha256("".join(lines).encode()).hexdigest()


def test_known_values_survived() -> None:
    """Row counts and a value each that any textbook has."""
    totals = {name: sum(split.rows for split in p.splits) for name, p in BUILTIN_TABLES.items()}
    expected = {"iris": 150, "wine": 178, "breast_cancer": 569, "diabetes": 442, "digits": 1797}
    assert {name: totals[name] for name in expected} == expected
    iris = BUILTIN_TABLES["iris"]
    everything = [tuple(row) for split in iris.splits for row in rows(iris, split.path)[1:]]
    assert ("5.1", "3.5", "1.4", "0.2", "setosa") in everything
    assert Counter(row[-1] for row in everything) == {"setosa": 50, "versicolor": 50, "virginica": 50}


def test_the_script_makes_the_same_bytes(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make_tables.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, stdout=subprocess.DEVNULL)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    shipped = {path.relative_to(TABLES): path.read_bytes() for path in TABLES.rglob("*") if path.is_file()}
    assert made == shipped


def test_the_list_takes_no_library_with_it() -> None:
    libraries = {"sklearn", "numpy", "PIL", "torch"}
    code = (
        f"import sys, dataferry.plugins as p; p.builtin_datasets(); assert not {libraries} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


DECLARATION = """
from dataferry.plugins import Plugin, ShippedFile

PLUGIN = Plugin(
    name={name!r}, title="T", description="D", about="", task="", license="CC0-1.0", license_note="",
    homepage="", citation="", columns=(), splits=(), files=(ShippedFile("a.csv", 2, "00"),),
    package={package!r},
)
"""


def test_another_package_declares_a_dataset_and_ships_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    declared = {"penguins": "penguins", "second_iris": "iris", "broken": None, "no_plugin": None}
    for module, name in declared.items():
        text = "raise OSError" if module == "broken" else "PLUGIN = 1"
        package = tmp_path / module
        package.mkdir()
        (package / "__init__.py").write_text(
            text if name is None else DECLARATION.format(name=name, package=module)
        )
    table = tmp_path / "penguins" / "tables" / "penguins" / "a.csv"
    table.parent.mkdir(parents=True)
    table.write_bytes(b"a\n")
    metadata = tmp_path / "penguins-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: penguins\nVersion: 1\n")
    lines = [f"{module} = {module}:PLUGIN" for module in declared]
    (metadata / "entry_points.txt").write_text("\n".join(["[dataferry.plugins]", *lines]) + "\n")
    monkeypatch.syspath_prepend(tmp_path)

    found = builtin_datasets.__wrapped__()

    assert set(found) == {*builtin_datasets(), "penguins"}
    assert found["iris"] is builtin_datasets()["iris"]
    penguins = found["penguins"]
    assert isinstance(penguins, Plugin)
    with penguins.open(ShippedFile("a.csv", 2, "00")) as stream:
        assert stream.read() == b"a\n"
    assert all(word in caplog.text for word in ("'iris'", "broken:PLUGIN", "no_plugin:PLUGIN"))


def test_a_package_that_would_stop_the_program_is_left_out_and_a_good_one_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_FILE_S", 1.0)
    bodies = {
        "endless": "while True: pass",
        "leaving": "import os; os._exit(3)",
        "good": f"with open({str(tmp_path / 'runs')!r}, 'a') as runs: runs.write('x')\n"
        + DECLARATION.format(name="good", package="good"),
    }
    for module, text in bodies.items():
        (tmp_path / f"{module}.py").write_text(text)
    metadata = tmp_path / "many-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: many\nVersion: 1\n")
    lines = [f"{module} = {module}:PLUGIN" for module in bodies]
    (metadata / "entry_points.txt").write_text("\n".join(["[dataferry.plugins]", *lines]) + "\n")
    monkeypatch.syspath_prepend(tmp_path)

    store = tmp_path / "store"
    found = discover(tmp_path / "none", store)

    assert "good" in found
    faults = {fault.where: fault.detail for fault in found.faults}
    assert "1 s" in faults["endless:PLUGIN"]
    assert "ends the program" in faults["leaving:PLUGIN"]
    assert (tmp_path / "runs").read_text() == "xx"  # in the trial, and here
    # The next start does not try it again, until its package has another version.
    remembered = tried_file(store).read_text()
    assert "good:PLUGIN" in remembered
    assert "many 1" in remembered
    assert "endless" not in remembered
