"""``make demo``: the app against made-up hubs and a made-up model, all on this machine."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dataferry.core.settings import Settings, environment_name

ROOT = Path(__file__).parents[1]
#: Each fake, and the setting that points the app at it.
FAKES = {
    "kaggle": "DATAFERRY_KAGGLE_ENDPOINT",
    "hub": "HF_ENDPOINT",
    "gemini": "GOOGLE_GEMINI_BASE_URL",
}


def main() -> int:
    # One way out for Ctrl-C, SIGTERM and a server that ends by itself: the contexts below close.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="dataferry-demo-") as name, fakes() as addresses:
            print(
                "This is a demo: its hubs and its model are made up, and its data is gone when it ends.",
                flush=True,
            )
            for fake, address in addresses.items():
                print(f"  {fake:7} {address}", flush=True)
            with child("-m", "dataferry", "serve", cwd=name, env=environment(addresses, name)) as server:
                return server.wait()
    except KeyboardInterrupt:
        return 0


def environment(addresses: dict[str, str], folder: str) -> dict[str, str]:
    """The tester's environment without their settings: no key of theirs and no database of theirs is
    touched. ``.env`` is not read either, since the server starts in another folder."""
    settings = {environment_name(field) for field in Settings.model_fields} | {"GEMINI_API_KEY"}
    theirs = settings - {"DATAFERRY_PORT"}
    return {
        **{name: value for name, value in os.environ.items() if name not in theirs},
        "DATAFERRY_DEMO": "true",
        "DATAFERRY_DATA_DIR": str(Path(folder) / "data"),
        "DATAFERRY_ALLOW_PRIVATE_URLS": "true",
        "GOOGLE_API_KEY": "demo",
        **{FAKES[fake]: address for fake, address in addresses.items()},
    }


@contextmanager
def fakes() -> Iterator[dict[str, str]]:
    """The fake servers in a process of their own; yields their addresses by name."""
    ports = [option for fake in FAKES for option in (f"--{fake}-port", "0")]
    with child("-m", "tests.fakes", *ports, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        addresses = [process.stdout.readline().split() for _ in FAKES]
        if not all(addresses):
            raise SystemExit("The fakes did not start.")
        yield dict(addresses)


@contextmanager
def child(*arguments: str, **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A Python process that ends with the body."""
    process = subprocess.Popen([sys.executable, *arguments], text=True, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
