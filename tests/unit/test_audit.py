"""``make audit``: what the tools say, and what it makes of it. What they answer is as they print it."""

import json
from typing import Any

import pytest

from scripts.audit import HOLES, NOT_ASKED, Found, read_npm_audit, read_pip_audit, report

SOUND = {"name": "six", "version": "1.17.0", "vulns": []}
SKIPPED = {"name": "alembic", "skip_reason": "Dependency not found on PyPI and could not be audited"}
ECDSA = {
    "name": "ecdsa",
    "version": "0.19.2",
    "vulns": [{"id": "CVE-2024-23342", "fix_versions": [], "aliases": [], "description": ""}],
}
HOLE = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": [], "description": ""}],
}
NO_NPM_HOLES: dict[str, Any] = {"auditReportVersion": 2, "vulnerabilities": {}}
NPM_HOLE = {
    "vulnerabilities": {
        "vite": {
            "via": [
                {
                    "title": "Files outside are served",
                    "url": "https://github.com/advisories/GHSA-x574-m823-4x7w",
                    "severity": "moderate",
                    "range": "<6.2.3",
                }
            ]
        },
        "vitest": {"via": ["vite"]},
    }
}


def audited(packages: list[Any] | None, npm: Any) -> Found:
    found = Found()
    read_pip_audit("" if packages is None else json.dumps({"dependencies": packages, "fixes": []}), found)
    read_npm_audit(json.dumps(npm), found)
    return found


@pytest.mark.parametrize(
    ("packages", "npm", "code", "says"),
    [
        ([SOUND], NO_NPM_HOLES, 0, "No hole is known."),
        ([SOUND, ECDSA], NO_NPM_HOLES, 0, "docs/adr/0036"),
        ([SOUND, HOLE], NO_NPM_HOLES, HOLES, "jinja2 2.4.1: PYSEC-2019-217, mended in 2.10.1"),
        ([SOUND], NPM_HOLE, HOLES, "vite <6.2.3: Files outside are served"),
        # pip-audit's own last word there is "No known vulnerabilities found", and its exit code 0.
        ([SOUND, SKIPPED], NO_NPM_HOLES, NOT_ASKED, "says nothing of 1 of 2: alembic."),
        ([], NO_NPM_HOLES, NOT_ASKED, "Whether there are holes is not known."),
        (None, NO_NPM_HOLES, NOT_ASKED, "cannot be reached"),
        ([SOUND], {"message": "405 Method Not Allowed", "error": {}}, NOT_ASKED, "cannot be reached"),
        (None, NPM_HOLE, HOLES, "UNKNOWN"),
    ],
)
def test_what_is_said(
    packages: list[Any] | None, npm: Any, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(audited(packages, npm)) == code
    said = capsys.readouterr().out
    assert says in said
    assert code == 0 or "No hole is known" not in said
