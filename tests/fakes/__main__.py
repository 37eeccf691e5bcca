"""All fakes in one process: ``python -m tests.fakes --kaggle-port … --hub-port … --gemini-port …``.

Port 0 takes a free one. One line for each fake goes to stdout, ``<name> <url>``; it runs until SIGINT
or SIGTERM. A fake whose port is not given is not started.
"""

import argparse
import signal
import sys
import threading
from contextlib import ExitStack
from typing import Any

from tests.fakes.catalogue import HUGE, seeded
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fakes", description="Fake hubs with seeded datasets."
    )
    for name in ("kaggle", "hub", "gemini"):
        parser.add_argument(f"--{name}-port", type=int, metavar="PORT")
    options = parser.parse_args(arguments)
    catalogue = seeded()
    fakes: dict[str, Any] = {}
    if options.kaggle_port is not None:
        fakes["kaggle"] = KaggleFake(catalogue, port=options.kaggle_port)
    if options.hub_port is not None:
        fakes["hub"] = HubFake(catalogue, port=options.hub_port)
    if options.gemini_port is not None:
        from tests.fakes.gemini import GeminiFake

        fakes["gemini"] = GeminiFake(port=options.gemini_port)
    if not fakes:
        parser.error("name at least one port")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as stack:
        for name, fake in fakes.items():
            stack.enter_context(fake)
            print(f"{name} {fake.url}", flush=True)
        if "hub" in fakes:
            _warm_up(catalogue)
        ended.wait()
    return 0


def _warm_up(catalogue: Any) -> None:
    """Hash the 2 GiB file before somebody waits for it."""

    def hash_it() -> None:
        for blob in catalogue.find("huggingface", HUGE).latest.files.values():
            _ = blob.sha256

    threading.Thread(target=hash_it, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
