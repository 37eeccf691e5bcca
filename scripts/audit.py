"""``make audit``: names the known holes in what is installed, and in what the image gets.

pip-audit asks PyPI about the Python packages of ``requirements.lock``, of which the image's are a part;
``npm audit`` its registry about the page's. A tool that could not ask, or that was told nothing of some
package, has found nothing out (pypa/pip-audit#599): that is said, and never taken for good news.

Exit codes: 0 no hole is known, 1 there are holes, 3 the databases could not be asked about everything.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "frontend"
ENVIRONMENT = ROOT / ".setup" / "audit"
HOLES, NOT_ASKED = 1, 3

#: Holes that do not reach us, by one of their names, and why.
ACCEPTED = {
    "CVE-2024-23342": "ecdsa is a requirement of python-jose that is never imported (docs/adr/0036)",
}


@dataclass
class Found:
    """``holes``: a line each; ``accepted``: with the reason as well; ``unknown``: what could not be asked."""

    holes: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def add(self, line: str, names: set[str]) -> None:
        reason = next((ACCEPTED[name] for name in names if name in ACCEPTED), None)
        if reason is None:
            self.holes.append(line)
        else:
            self.accepted.append(f"{line}: {reason}")


def main() -> int:
    found = Found()
    read_pip_audit(run(*pip_audit_command()), found)
    npm = "npm", "audit", "--package-lock-only", "--json"
    read_npm_audit(run(*npm, folder=FRONTEND), found)
    return report(found)


def pip_audit_command() -> list[str]:
    """pip-audit, installed by hash apart from everything that it judges."""
    uv = str(Path(sys.executable).with_name("uv"))
    python = str(ENVIRONMENT / "bin" / "python")
    lock = str(ROOT / "scripts" / "audit.lock")
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT)],
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", lock],
    ):
        subprocess.run(command, cwd=ROOT, check=False)
    audited = "--requirement", str(ROOT / "requirements.lock"), "--require-hashes", "--disable-pip"
    return [python, "-m", "pip_audit", *audited, "--format", "json", "--progress-spinner", "off"]


def run(*command: str, folder: Path = ROOT) -> str:
    """What a command printed; empty where it cannot be run. What it says of itself goes to our own stderr."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = os.environ | {"PATH": path}
    try:
        ran = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
    except OSError:
        return ""
    return ran.stdout


def read_pip_audit(said: str, found: Found) -> None:
    """Add what pip-audit found: with an index that has no such data it skips every package, says that there
    are no known vulnerabilities, and ends with 0."""
    try:
        packages: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        found.unknown.append("The database of holes in Python packages cannot be reached.")
        return
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped or not packages:
        found.unknown.append(
            f"The database of holes in Python packages says nothing of {len(skipped)} of {len(packages)}: "
            f"{', '.join(skipped[:5])}{' …' if len(skipped) > 5 else ''}."
        )
    for package in packages:
        for hole in package.get("vulns", ()):
            mended = ", ".join(hole["fix_versions"]) or "no version yet"
            line = f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}"
            found.add(line, {hole["id"], *hole["aliases"]})


def read_npm_audit(said: str, found: Found) -> None:
    """Add what ``npm audit`` found."""
    try:
        packages: dict[str, dict[str, Any]] = json.loads(said)["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        found.unknown.append("The database of holes in npm's packages cannot be reached.")
        return
    for name, package in packages.items():
        # The others are names of packages that bring this one in.
        for hole in package["via"]:
            if isinstance(hole, dict):
                line = f"{name} {hole['range']}: {hole['title']} ({hole['url']}), {hole['severity']}"
                found.add(line, {hole["url"].rpartition("/")[2]})


def report(found: Found) -> int:
    """Print everything; returns the exit code."""
    for line in found.holes:
        print(f"HOLE      {line}")
    for line in found.accepted:
        print(f"accepted  {line}")
    for line in found.unknown:
        print(f"UNKNOWN   {line}")
    if found.holes:
        return HOLES
    if found.unknown:
        print("Whether there are holes is not known. Try again where the internet can be reached.")
        return NOT_ASKED
    print("No other hole is known." if found.accepted else "No hole is known.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
