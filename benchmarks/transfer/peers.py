"""The tools that we are measured beside: where they are, which version, and what is missing."""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.transfer.server import find_module

_BIN = Path(sys.executable).parent
#: Program → the package of Debian that has it, and how it tells its version.
PROGRAMS: dict[str, tuple[str, list[str]]] = {
    "nginx": ("nginx-light", ["-v"]),
    "curl": ("curl", ["--version"]),
    "aria2c": ("aria2", ["--version"]),
    "rclone": ("rclone", ["version"]),
    "unzip": ("unzip", ["-v"]),
    "sha256sum": ("coreutils", ["--version"]),
}
_ECHO = "libnginx-mod-http-echo"


class Peers:
    """What is here. ``missing`` says of each tool that is not, why."""

    def __init__(self, *, install: bool) -> None:
        self.missing: dict[str, str] = {}
        self.versions: dict[str, str] = {
            "dataferry": _version("dataferry"),
            "Python": platform.python_version(),
        }
        if install:
            self._install()
        for program, (package, asked) in PROGRAMS.items():
            if shutil.which(program) is None:
                self.missing[program] = f"{program} is not installed (apt install {package})"
            else:
                self.versions[program] = _number(_first_line([program, *asked]))
        self.delays = "nginx" not in self.missing and find_module() is not None
        if not self.delays:
            self.missing["delays"] = f"nginx has no echo module (apt install {_ECHO})"
        self._look_for_packages()
        self.kagglehub = self._find_kagglehub(install=install)

    def has(self, *names: str) -> bool:
        return not any(name in self.missing for name in names)

    def _install(self) -> None:
        """What Debian has and is not here. Only for root; what fails is missing."""
        wanted = [package for program, (package, _) in PROGRAMS.items() if shutil.which(program) is None]
        if shutil.which("nginx") is None or find_module() is None:
            wanted.append(_ECHO)
        if not wanted or os.getuid() != 0 or shutil.which("apt-get") is None:
            return
        print(f"Installing {', '.join(wanted)} …", file=sys.stderr, flush=True)
        # At run level 1 Debian's packages start no service: nginx is wanted, but no public page.
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *wanted]):
            subprocess.run(["apt-get", "--quiet", *command], env=quiet, stdout=sys.stderr)

    def _look_for_packages(self) -> None:
        """The clients that come with the product: no import, which would cost memory and an account."""
        for name, package in (("hf", "huggingface_hub"), ("kaggle", "kaggle")):
            version = _version(package)
            if version and (name != "hf" or (_BIN / "hf").exists()):
                self.versions[package] = version
            else:
                self.missing[name] = f"{package} is not installed (make setup)"

    def _find_kagglehub(self, *, install: bool) -> Path | None:
        """The Python that has it: a virtual environment of its own, kept in the user's cache."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = cache / "dataferry-benchmarks" / "kagglehub"
        python = folder / "bin" / "python"
        script = "import importlib.metadata; print(importlib.metadata.version('kagglehub'))"
        version = _first_line([str(python), "-c", script]) if python.exists() else ""
        if not version and install:
            print(f"Installing kagglehub into {folder} …", file=sys.stderr, flush=True)
            for command in (
                [sys.executable, "-m", "venv", str(folder)],
                [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "kagglehub"],
            ):
                if subprocess.run(command, stdout=sys.stderr).returncode != 0:
                    break
            version = _first_line([str(python), "-c", script]) if python.exists() else ""
        if not version:
            self.missing["kagglehub"] = f"kagglehub could not be installed into {folder}"
            return None
        self.versions["kagglehub"] = version
        return python


def describe_machine() -> dict[str, str]:
    cpu = platform.processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 10**9
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "CPU": f"{cpu}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GB",
        "system": platform.platform(),
        # Others at work make every number worse, not all by as much.
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _number(line: str) -> str:
    found = re.search(r"\d+\.[\w.]+", line)
    return found[0] if found else line


def _first_line(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines() if done.returncode == 0 else []
    return lines[0] if lines else ""
