"""What ``dataferry doctor`` found: one line for each check, or JSON of all."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Literal

from dataferry.cli.output import next_act, out
from dataferry.core.errors import DataferryError
from dataferry.core.telemetry import redact

Outcome = Literal["ok", "warning", "failed"]
_SHOWN: dict[Outcome, str] = {"ok": "ok", "warning": "WARN", "failed": "FAILED"}


class Doubtful(Exception):
    """It works, and may not be what was meant."""

    def __init__(self, detail: str, *, next_step: str) -> None:
        super().__init__(detail)
        self.next_step = next_step


@dataclass(frozen=True, slots=True)
class Finding:
    """``detail`` of what is, ``next_step`` where something is to be done; both without secrets."""

    name: str
    outcome: Outcome
    detail: str
    seconds: float
    code: str | None = None
    next_step: str | None = None


class Findings:
    """Runs checks one after the other. ``quiet``: nothing is printed meanwhile."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self.found: list[Finding] = []

    @property
    def ok(self) -> bool:
        return all(finding.outcome != "failed" for finding in self.found)

    def run(self, name: str, check: Callable[[], str]) -> None:
        """``check`` returns what it saw, or raises what is wrong."""
        began = time.perf_counter()
        try:
            self._add(name, check(), began)
        except Exception as error:
            self._add(name, error, began)

    async def run_async(self, name: str, check: Callable[[], Awaitable[str]]) -> None:
        """As ``run``."""
        began = time.perf_counter()
        try:
            self._add(name, await check(), began)
        except Exception as error:
            self._add(name, error, began)

    def say(self, text: str) -> None:
        """A line that is no finding."""
        if not self._quiet:
            out.print(text)

    def as_json(self) -> list[dict[str, object]]:
        return [asdict(finding) for finding in self.found]

    def _add(self, name: str, seen: str | Exception, began: float) -> None:
        seconds = round(time.perf_counter() - began, 3)
        finding = _finding(name, seen, seconds)
        self.found.append(finding)
        code = f"[{finding.code}] " if finding.code else ""
        next_step = f" {finding.next_step}" if finding.next_step else ""
        self.say(f"{_SHOWN[finding.outcome]:6} {name}: {code}{finding.detail}{next_step} ({seconds:.2f} s)")


def _finding(name: str, seen: str | Exception, seconds: float) -> Finding:
    if isinstance(seen, str):
        return Finding(name, "ok", redact(seen).strip(), seconds)
    if isinstance(seen, Doubtful):
        return Finding(name, "warning", redact(str(seen)), seconds, next_step=seen.next_step)
    if isinstance(seen, DataferryError):
        return Finding(name, "failed", redact(seen.detail), seconds, seen.code, redact(next_act(seen)))
    words = redact(str(seen)).strip() or type(seen).__name__
    return Finding(name, "failed", words, seconds, next_step="Look into it, or report it with this line.")
