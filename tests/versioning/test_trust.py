"""Which texts are trusted: those that were added here, whichever way their lines end."""

from pathlib import Path

from dataferry.versioning.declare.index_file import read_index
from dataferry.versioning.declare.local_modules import LocalModules
from dataferry.versioning.hooks.trust import Trust

TEXT = "@dataset\nclass A:\n    a: int\n"


def test_a_text_is_trusted_once_it_is_added(tmp_path: Path) -> None:
    trust = Trust(tmp_path / "datasets")
    assert not trust.is_trusted(TEXT)
    trust.add(TEXT)
    trust.add(TEXT)
    again = Trust(tmp_path / "datasets")
    assert again.is_trusted(TEXT)
    assert again.is_trusted(TEXT.replace("\n", "\r\n"))
    assert not again.is_trusted(TEXT + " ")
    assert (tmp_path / "datasets" / "trusted").read_text() == f"{read_index(TEXT).sha256}\n"


def test_modules_beside_an_index_file_are_found_for_trust(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("from . import inner\n")
    (tmp_path / "tools" / "inner.py").write_text("import os, index\n")
    (tmp_path / "other.py").write_text("X = 1\n")
    (tmp_path / "index.py").write_text(TEXT)
    found = LocalModules(tmp_path).texts(f"import json\nimport tools\n{TEXT}")
    assert list(found) == ["index.py", "tools/__init__.py", "tools/inner.py"]
    assert found["tools/inner.py"] == "import os, index\n"
