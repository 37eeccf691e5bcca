"""How far a download is, shown to a person who waits for it: by tqdm where that is installed, else by
lines."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from dataferry.core.sizes import readable_bytes

#: Is given the bytes that are there, and all of them where that is known.
Show = Callable[[int, int | None], None]
#: Seconds between two lines.
_LINE_S = 2.0


@contextlib.contextmanager
def progress(label: str, shown: bool | None = None) -> Iterator[Show]:
    """A function that shows how far it is while the body runs. ``shown``: by default where a terminal or a
    notebook is there to be looked at."""
    if not (_is_watched() if shown is None else shown):
        yield lambda done, total: None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield _lines(label)
        return
    with tqdm(desc=label, unit="B", unit_scale=True, leave=False) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def _lines(label: str) -> Show:
    told = time.monotonic()

    def show(done: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told < _LINE_S:
            return
        told = time.monotonic()
        of_all = f" of {readable_bytes(total)}" if total else ""
        sys.stderr.write(f"{label}: {readable_bytes(done)}{of_all}\n")

    return show


def _is_watched() -> bool:
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
