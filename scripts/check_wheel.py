"""The package as a user gets it: built, installed in a fresh environment, started, and asked for its page."""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
REQUIRED_FILES = (
    "dataferry/_web/index.html",
    "dataferry/_prompts/system.md",
    "dataferry/_migrations/env.py",
    "dataferry/plugins/tables/NOTICE.md",
    "dataferry/plugins/tables/iris/train.csv",
    "dataferry/py.typed",
    "dataferry/versioning/hooks/hook.sh",
)
#: What a package has no use for.
FORBIDDEN_PARTS = ("node_modules", "__pycache__", ".venv", "/tests/", "frontend/", ".map")
MAX_BYTES = 3_000_000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = _build(folder)
        python = _install(wheel, folder)
        _check_page(python, folder)


def _build(folder: Path) -> Path:
    """The source distribution from a checkout that nobody has set up, then the wheel from that alone."""
    checkout = folder / "checkout"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)]
    subprocess.run(hatchling, cwd=checkout, check=True, stdout=subprocess.DEVNULL)
    (source,) = folder.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        _check_names("source distribution", source, archive.getnames())
    pip = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", *pip, str(source)], cwd=folder, check=True)
    (wheel,) = folder.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    _check_names("wheel", wheel, names)
    missing = [needed for needed in REQUIRED_FILES if needed not in names]
    if missing:
        sys.exit(f"The wheel lacks {', '.join(missing)}")
    return wheel


def _check_names(kind: str, path: Path, names: list[str]) -> None:
    size = path.stat().st_size
    print(f"{kind}: {len(names)} files, {size / 1e6:.2f} MB")
    strange = [name for name in names if any(part in name for part in FORBIDDEN_PARTS)]
    if strange:
        sys.exit(f"The {kind} carries {', '.join(strange[:5])}")
    if size > MAX_BYTES:
        sys.exit(f"The {kind} is larger than {MAX_BYTES / 1e6:.0f} MB")


def _install(wheel: Path, folder: Path) -> Path:
    """A fresh environment with the wheel. The packages that it needs are those of this environment,
    which the lock file names; the code is the wheel's own."""
    environment = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    pip = ["pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", *pip], check=True)
    import sqlmodel

    (site,) = (environment / "lib").glob("python*/site-packages")
    (site / "needed.pth").write_text(f"{Path(sqlmodel.__file__).parents[1]}\n")
    where = [str(python), "-c", "import dataferry; print(dataferry.__file__)"]
    found = subprocess.run(where, cwd=folder, check=True, capture_output=True, text=True).stdout
    if not found.startswith(str(site.resolve())):
        sys.exit(f"Not the wheel's code was imported, but {found}")
    if not (environment / "share/man/man1/git-datasets.1").exists():
        sys.exit("The wheel brings no manual for git datasets --help")
    command = [str(environment / "bin" / "git-datasets"), "-h"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return python


def _check_page(python: Path, folder: Path) -> None:
    server = subprocess.Popen(
        [python.with_name("dataferry"), "serve", "--port", "0"],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "", "DATAFERRY_DATA_DIR": str(folder / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = _address(server.stdout)
        _wait(f"{address}/api/health/live")
        page = urlopen(address, timeout=30).read().decode()
        scripts = re.findall(r'src="(/assets/[^"]+\.js)"', page)
        if "<title>Dataferry" not in page or not scripts:
            sys.exit(f"The wheel's server does not serve the page:\n{page[:500]}")
        for script in scripts:
            urlopen(address + script, timeout=30).read()
        print("The wheel serves its page.")
    finally:
        server.terminate()
        server.wait()


def _address(output: IO[str]) -> str:
    """What the server says first; the rest of its output is read away."""
    said = []
    for line in output:
        said.append(line)
        found = re.search(r"http://\S+", line)
        if found:
            threading.Thread(target=output.read, daemon=True).start()
            return found[0].replace("localhost", "127.0.0.1")
    sys.exit("The server did not say its address:\n" + "".join(said))


def _wait(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urlopen(url, timeout=5)
        except URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
