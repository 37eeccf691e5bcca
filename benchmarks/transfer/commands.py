"""Each tool as a person would run it, with what makes it quickest here."""

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.transfer.measuring import Wanted

Command = Callable[[Path], Sequence[str]]
_BIN = Path(sys.executable).parent
_REPLAY = str(Path(__file__).with_name("replay.py"))
#: ``hf`` without Xet, whose servers are not here, and without calls elsewhere.
HF_ENVIRONMENT = {
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "HF_HUB_DISABLE_EXPERIMENTAL_WARNING": "1",
}


def ours(
    base: str, files: Sequence[Wanted], connections: int, *, unpack: bool = False, progress: bool = False
) -> Command:
    """``fetch`` with the SHA-256 of every file promised."""

    def command(folder: Path) -> list[str]:
        order = folder / "order.json"
        listed = [
            {"path": file.path, "size": file.size, "sha256": file.sha256, "unpack": unpack} for file in files
        ]
        options = {
            "base": base,
            "target": str(folder / "out"),
            "connections": connections,
            "progress": progress,
        }
        order.write_text(json.dumps({"files": listed, **options}))
        return [sys.executable, "-m", "benchmarks.transfer.ours", str(order)]

    return command


def idle(_: Path) -> list[str]:
    """Our process with everything imported and nothing to do."""
    return [sys.executable, "-m", "benchmarks.transfer.ours", "--idle"]


def python() -> Path:
    """The one that runs this, with the product's packages."""
    return Path(sys.executable)


def curl(url: str, *options: str, then: str = "") -> Command:
    """One file; ``then`` is a shell command run after it, in the folder."""

    def command(folder: Path) -> list[str]:
        out = folder / "out" / url.rpartition("/")[2]
        asked = ["curl", "-q", "-sS", "-f", "--create-dirs", *options, "-o", str(out), url]
        return _and_then(asked, then, folder)

    return command


def curl_many(base: str, files: Sequence[Wanted], parallel: int) -> Command:
    def command(folder: Path) -> list[str]:
        listed = folder / "files"
        out = folder / "out"
        lines = (f'url = "{base}/{file.path}"\noutput = "{out / file.path}"' for file in files)
        listed.write_text("\n".join(lines))
        options = ["-sS", "-f", "-Z", "--parallel-max", str(parallel), "--create-dirs"]
        return ["curl", "-q", *options, "-K", str(listed)]

    return command


def aria2c(url: str, connections: int, *options: str, then: str = "") -> Command:
    def command(folder: Path) -> list[str]:
        out, name = folder / "out", url.rpartition("/")[2]
        parts = [f"-x{connections}", f"-s{connections}", "-k1M", "--file-allocation=falloc"]
        asked = ["aria2c", "--no-conf", "-q", *parts, *options, "-d", str(out), "-o", name, url]
        return _and_then(asked, then, folder)

    return command


def aria2c_many(base: str, files: Sequence[Wanted], parallel: int) -> Command:
    def command(folder: Path) -> list[str]:
        listed = folder / "files"
        listed.write_text("\n".join(f"{base}/{file.path}\n  out={file.path}" for file in files))
        options = ["-q", f"-j{parallel}", "-x1", "-d", str(folder / "out"), "-i", str(listed)]
        return ["aria2c", "--no-conf", *options]

    return command


def hf_download(dataset: str) -> Command:
    """Give it ``HF_ENVIRONMENT`` and the endpoint too."""

    def command(folder: Path) -> list[str]:
        asked = [str(_BIN / "hf"), "download", dataset, "--repo-type", "dataset"]
        # Its cache and its token, if there is one, are those of this run.
        return ["env", f"HF_HOME={folder / 'home'}", *asked, "--local-dir", str(folder / "out")]

    return command


def rclone_one(url: str) -> Command:
    def command(folder: Path) -> list[str]:
        out = folder / "out" / url.rpartition("/")[2]
        return ["rclone", "--config", "/dev/null", "copyurl", url, str(out)]

    return command


def rclone_many(base: str, parallel: int) -> Command:
    def command(folder: Path) -> list[str]:
        parallel_options = ["--transfers", str(parallel), "--checkers", str(parallel)]
        asked = ["rclone", "--config", "/dev/null", "copy", "--http-url", f"{base}/", *parallel_options]
        return [*asked, ":http:", str(folder / "out")]

    return command


def replayed(python: Path, client: str, url: str) -> Command:
    """The download loop of ``kaggle`` or ``kagglehub``."""

    def command(folder: Path) -> list[str]:
        out = folder / "out" / url.rpartition("/")[2]
        isolated = ["env", f"HOME={folder}", f"KAGGLE_CONFIG_DIR={folder}"]
        return [*isolated, str(python), _REPLAY, client, url, str(out)]

    return command


def _and_then(command: list[str], then: str, folder: Path) -> list[str]:
    if not then:
        return command
    return ["sh", "-c", f"{shlex.join(command)} && cd {shlex.quote(str(folder / 'out'))} && {then}"]
