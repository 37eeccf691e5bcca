"""The wheel as a user gets it: built, installed in a fresh environment, started, and asked for the page."""

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
NEEDED = (
    "dataferry/_web/index.html",
    "dataferry/_prompts/system.md",
    "dataferry/_migrations/env.py",
    "dataferry/plugins/tables/NOTICE.md",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", name, "."]
        subprocess.run([sys.executable, "-m", *build], cwd=ROOT, check=True)
        (wheel,) = folder.glob("*.whl")
        names = set(zipfile.ZipFile(wheel).namelist())
        missing = [needed for needed in NEEDED if needed not in names]
        if missing:
            sys.exit(f"The wheel lacks {', '.join(missing)}")
        # The packages it needs are those of this environment; the code is the wheel's own.
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        python = folder / "venv" / "bin" / "python"
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        zipfile.ZipFile(wheel).extractall(site)
        (site / "needed.pth").write_text(_packages_of_this_environment())
        print(f"wheel {wheel.stat().st_size / 1e6:.1f} MB")
        _ask_for_the_page(python, folder)


def _packages_of_this_environment() -> str:
    import sqlmodel

    return str(Path(sqlmodel.__file__).parents[1]) + "\n"


def _ask_for_the_page(python: Path, folder: Path) -> None:
    environment = {"HOME": str(folder), "PATH": "", "DATAFERRY_DATA_DIR": str(folder / "data")}
    server = subprocess.Popen(
        [python, "-m", "dataferry.cli", "serve", "--port", "0"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = re.search(r"http://\S+", server.stdout.readline())
        assert address is not None, "the server did not say its address"
        url = address[0].replace("localhost", "127.0.0.1")
        subprocess.run(
            [python, "-c", "import dataferry; print(dataferry.__file__)"], env=environment, check=True
        )
        _wait(url)
        page = urlopen(url, timeout=30).read().decode()
        if "<title>Dataferry" not in page:
            sys.exit(f"The wheel's server does not serve the page:\n{page[:500]}")
        print("The wheel serves the page.")
    finally:
        server.terminate()
        server.wait()


def _wait(url: str) -> None:
    import time
    from urllib.error import URLError

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urlopen(url + "/api/health/live", timeout=5)
        except URLError:
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
