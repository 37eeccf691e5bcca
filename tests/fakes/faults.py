"""What a fake hub can be told to do wrong, by name.

=====================  =====  ====================================================================
name                   where  what happens (options)
=====================  =====  ====================================================================
delay                  api    answers after ``seconds`` (1)
hang_up                api    the connection closes without an answer
garbage                api    200 with an HTML page, or broken JSON (``kind``: html, json, shape)
server_error           api    ``status`` (500)
rate_limit             api    429 (``seconds`` 30, ``style``: retry-after, ratelimit, none)
refused                api    ``status`` (403) with ``message`` in a body of any ``shape``: see refusals.py
requires_credentials   api    anonymous callers are refused with 401
bad_credentials        api    every credential is refused with 401
gated                  api    the dataset's terms must be accepted first
private                api    only the owner sees the dataset
old_hub                api    HuggingFace: 400 to ``expand``, as mirrors of an older hub answer
zip_slip               api    a path that points outside (Kaggle: in the archive, HF: in the tree)
zip_bomb               api    Kaggle: an archive that unpacks to ``bytes`` (200 MB) of zeros
non_utf8_names         api    Kaggle: an archive whose names are in Latin-1
short_lease            api    signed URLs made from now on live for ``seconds`` (0)
drop_after             bytes  the connection closes after ``bytes`` (0) of a body
stall                  bytes  nothing more comes after ``bytes`` (0), for ``seconds`` (3600)
wrong_bytes            bytes  right size, one byte wrong at ``at`` (the middle)
short_body             bytes  a whole answer that lacks the last ``bytes`` (1) of the file
expired_url            bytes  a signed URL counts as expired
no_range               bytes  Range is ignored: 200 with everything
changed_etag           bytes  every answer has another ETag
edge_refuses           bytes  the storage refuses its own fresh address, as ``kind``: xml (403 AccessDenied),
                              text (403, key pair id), range (403, a valid range), bad_request (400) or
                              expired_token (400, Google); the next address leads to its other host
slow_first_byte        bytes  the answer begins after ``seconds`` (1)
slow                   bytes  ``bytes_per_s`` (100,000) on each connection
=====================  =====  ====================================================================

``where`` can be given to move a fault: ``rate_limit`` with ``where="bytes"`` limits the downloads.
"""

import threading
from dataclasses import dataclass, field
from typing import Any, Literal

Where = Literal["api", "bytes"]

_API: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 1.0},
    "hang_up": {},
    "garbage": {"kind": "html"},
    "server_error": {"status": 500},
    "rate_limit": {"seconds": 30, "style": "retry-after"},
    "refused": {"status": 403, "message": "Forbidden", "shape": "nested"},
    "requires_credentials": {},
    "bad_credentials": {},
    "gated": {},
    "private": {},
    "old_hub": {},
    "zip_slip": {},
    "zip_bomb": {"bytes": 200_000_000},
    "non_utf8_names": {},
    "short_lease": {"seconds": 0.0},
}
_BYTES: dict[str, dict[str, Any]] = {
    "drop_after": {"bytes": 0},
    "stall": {"bytes": 0, "seconds": 3600.0},
    "wrong_bytes": {"at": None},
    "short_body": {"bytes": 1},
    "expired_url": {},
    "no_range": {},
    "changed_etag": {},
    "edge_refuses": {"kind": "xml"},
    "slow_first_byte": {"seconds": 1.0},
    "slow": {"bytes_per_s": 100_000},
}
NAMES = (*_API, *_BYTES)


@dataclass
class Fault:
    """One thing that goes wrong. ``dataset`` and ``path`` narrow it, ``times`` uses it up."""

    name: str
    where: Where
    dataset: str | None = None
    path: str | None = None
    times: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    #: Set when the fault is cleared, so that whatever it holds up goes on.
    lifted: threading.Event = field(default_factory=threading.Event)

    def hold(self, seconds: float) -> None:
        """Wait, at most until the fault is cleared."""
        self.lifted.wait(seconds)

    def fits(self, name: str, where: Where, dataset: str | None, path: str | None) -> bool:
        return (
            self.name == name
            and self.where == where
            and self.dataset in (None, dataset)
            and self.path in (None, path)
            and self.times != 0
        )


class Faults:
    """The faults that are set now. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[Fault] = []

    def add(
        self,
        name: str,
        *,
        dataset: str | None = None,
        path: str | None = None,
        where: Where | None = None,
        times: int | None = None,
        **options: Any,
    ) -> None:
        defaults = {**_API, **_BYTES}.get(name)
        if defaults is None:
            raise ValueError(f"no fault named {name!r}; there are: {', '.join(NAMES)}")
        unknown = options.keys() - defaults.keys()
        if unknown:
            raise ValueError(f"{name} has no option {', '.join(sorted(unknown))}")
        place: Where = where or ("bytes" if name in _BYTES else "api")
        with self._lock:
            self._set.append(Fault(name, place, dataset, path, times, defaults | options))

    def clear(self) -> None:
        with self._lock:
            for fault in self._set:
                fault.lifted.set()
            self._set.clear()

    def take(
        self, name: str, where: Where, dataset: str | None = None, path: str | None = None
    ) -> Fault | None:
        """The first fault that fits; it counts as used once."""
        with self._lock:
            fault = next((fault for fault in self._set if fault.fits(name, where, dataset, path)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
            return fault
