"""``make setup`` where something is in its way: one line says what is wanted, and nothing is half done."""

import fcntl
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.set_up import reason
from tests.support.certificates import made_certificate
from tests.support.mounts import small_disk
from tests.support.server import until

ROOT = Path(__file__).parents[2]
LOCK = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"
NOBODY_LISTENS = "http://127.0.0.1:9/simple"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with spaces and other letters in its name, and the least that a set-up reads."""
    folder = tmp_path / "a cheçkout of mine"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "set_up.py", folder / "scripts")
    (folder / "requirements.lock").write_text(LOCK)
    for name in ("pyproject.toml", "hatch_build.py"):
        shutil.copy(ROOT / name, folder)
    return folder


def command(checkout: Path) -> list[str]:
    return [sys.executable, str(checkout / "scripts" / "set_up.py")]


def environment(index: str, **given: str) -> dict[str, str]:
    """Nothing of the tester's own: neither an index nor a certificate."""
    ours = {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index}
    return ours | {"PIP_TIMEOUT": "2", "LC_ALL": "C.UTF-8"} | given


def complaint(checkout: Path, index: str, **given: str) -> str:
    """The one line of a set-up that fails."""
    run = subprocess.run(
        command(checkout), env=environment(index, **given), capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    [line] = run.stderr.splitlines()
    return line


def test_without_a_network_what_is_wanted_is_said_once(checkout: Path) -> None:
    line = complaint(checkout, NOBODY_LISTENS, TMPDIR="/nowhere")
    assert line.startswith("Setting up: the package index cannot be reached.")
    assert "HTTPS_PROXY" in line
    assert not (checkout / ".setup" / "python").exists()
    assert [path.name for path in (checkout / ".setup").glob("tmp-*")] == []


@pytest.mark.parametrize("given", ["PIP_USER", "PIP_TARGET", "PIP_PREFIX"])
def test_where_pip_is_told_to_install_otherwise_is_no_matter_here(checkout: Path, given: str) -> None:
    """pypa/pip#8977: with ``user = true`` an install into an environment fails."""
    value = "1" if given == "PIP_USER" else str(checkout / "elsewhere")
    assert "cannot be reached" in complaint(checkout, NOBODY_LISTENS, **{given: value})


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A package index that has nothing, behind a certificate of an authority that nobody knows."""
    authority, context = made_certificate(tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    assert isinstance(context, ssl.SSLContext)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://localhost:{server.server_port}/simple", authority
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_authority_of_ones_own_is_named_by_one_variable(
    checkout: Path, index: tuple[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    address, authority = index
    assert "SSL_CERT_FILE" in complaint(checkout, address)
    # Trusted now, so that the index itself is heard: it has no such package.
    assert "lacks a package" in complaint(checkout, address, SSL_CERT_FILE=str(authority))
    capfd.readouterr()


def test_a_checkout_that_cannot_be_written(checkout: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        shutil.copytree(checkout, disk.folder / "checkout")
        disk.remount("ro")
        line = complaint(disk.folder / "checkout", NOBODY_LISTENS)
    assert "cannot be written (Read-only file system). Clone it into a folder of yours." in line


def test_a_full_disk(checkout: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        shutil.copytree(checkout, disk.folder / "checkout")
        assert "the disk is full" in complaint(disk.folder / "checkout", NOBODY_LISTENS)


def test_a_second_one_waits_for_the_first(checkout: Path) -> None:
    (checkout / ".setup").mkdir()
    with (checkout / ".setup" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen(
            command(checkout),
            env=environment(NOBODY_LISTENS),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stdout is not None
        assert "waiting for it" in second.stdout.readline()
    until(lambda: second.poll() is not None, "the second one goes on", 60)
    assert "Installing the Python packages" in second.communicate()[0]


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ("npm error code ENOTFOUND\nnpm error network request to …", 1, "cannot be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", 1, "not the one"),
        ("npm error code EINTEGRITY", 1, "not the one"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", 1, "SSL_CERT_FILE"),
        ("OSError: [Errno 28] No space left on device", 1, "disk is full"),
        ("Building …", -9, "memory ran out"),
        ("error: something else", 3, "error: something else (all of it: "),
    ],
)
def test_what_went_wrong_is_read_from_what_a_tool_says(said: str, code: int, words: str) -> None:
    assert words in reason(said, code)
