"""The source of docs/adding-a-source.md works as it stands there, as a package beside Dataferry."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.links import LinkServer, Page

ROOT = Path(__file__).parents[2]
TABLE = b"depth,temperature\n10,17.5\n"


def block(language: str) -> str:
    page = (ROOT / "docs" / "adding-a-source.md").read_text()
    found = re.search(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found is not None, language
    return found[1]


def record(address: str) -> dict[str, Any]:
    """As Zenodo's API answers: https://developers.zenodo.org/#records."""
    return {
        "id": 1234567,
        "metadata": {
            "title": "Ocean temperatures",
            "description": "<p>Of one summer.</p>",
            "access_right": "open",
            "license": {"id": "cc-by-4.0"},
        },
        "files": [
            {
                "key": "temperatures.csv",
                "size": len(TABLE),
                "checksum": f"md5:{hashlib.md5(TABLE).hexdigest()}",
                "links": {"self": f"{address}/api/records/1234567/files/temperatures.csv/content"},
            }
        ],
        "links": {"self_html": f"{address}/records/1234567"},
        "stats": {"downloads": 12},
        "updated": "2024-05-01T12:00:00.000000+00:00",
    }


@pytest.fixture
def zenodo() -> Iterator[str]:
    with LinkServer() as server:
        address = f"http://{server.host}"
        found = record(address)
        answers: dict[str, Any] = {"": {"hits": {"hits": [found], "total": 1}}, "/1234567": found}
        for path, answer in answers.items():
            server.pages[f"/api/records{path}"] = Page(json.dumps(answer).encode())
        server.pages["/api/records/1234567/files/temperatures.csv/content"] = Page(TABLE)
        yield address


def install(site: Path) -> None:
    """What installing the page's package leaves in ``site``."""
    declared = tomllib.loads(block("toml"))["project"]
    metadata = site / f"dataferry_zenodo-{declared['version']}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {declared['name']}\nVersion: 0.1.0\n")
    (group,) = declared["entry-points"]
    lines = (f"{name} = {target}\n" for name, target in declared["entry-points"][group].items())
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{''.join(lines)}")
    (site / "dataferry_zenodo.py").write_text(block("python"))


def test_the_source_of_the_page_is_searched_downloaded_from_and_missed(tmp_path: Path, zenodo: str) -> None:
    install(tmp_path / "site")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
        "DATAFERRY_DATA_DIR": str(tmp_path / "data"),
        "DATAFERRY_POLL_S": "0.05",
        "ZENODO_ENDPOINT": zenodo,
    }

    def dataferry(*arguments: str, site: Path | None = tmp_path / "site") -> tuple[int, str, str]:
        """Not forked: the sources are found when the program's modules are loaded."""
        run = subprocess.run(
            [sys.executable, "-m", "dataferry", *arguments],
            cwd=tmp_path,
            env=environment | ({"PYTHONPATH": str(site)} if site else {}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        return run.returncode, run.stdout, run.stderr

    code, found, errors = dataferry("search", "ocean temperature", "--source", "zenodo")
    assert code == 0, errors
    assert re.match(r"zenodo:1234567\s+Ocean temperatures\s", found)

    code, shown, errors = dataferry("download", "zenodo:1234567")
    assert code == 0, errors
    assert "verified against the publisher's checksum" in shown + errors
    assert (tmp_path / "data/downloads/zenodo/_/1234567/1234567/temperatures.csv").read_bytes() == TABLE

    code, _, errors = dataferry("serve", "--port", "0", site=None)
    assert (code, errors.splitlines()[-1]) == (
        2,
        "dataferry: The library has datasets of zenodo, which is no source of this installation. Install its"
        " package again; to uninstall it, delete these datasets first.",
    )
