"""Logs: one line an event, with the job's or request's ids on it, and no secret in it."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from dataferry.core.visible import visible

_context: ContextVar[dict[str, str]] = ContextVar("log_context", default={})  # noqa: B039

#: Query strings (signed URLs, tokens), authorization headers and known token forms.
_SECRETS = (
    (re.compile(r"(https?://)[^\s/@]+@"), r"\1…@"),
    (re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']+"), r"\1?…"),
    (re.compile(r"([?&](?:ticket|token|key|sig|signature)=)[^&\s\"']+", re.IGNORECASE), r"\1…"),
    (re.compile(r"(?i)(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), r"\1 …"),
    (re.compile(r"\b(dft_|hf_|KGAT_|AIza|AQ\.|sk-|eyJ)[A-Za-z0-9._-]{6,}"), r"\1…"),
)


def redact(text: str) -> str:
    """``text`` without query strings, tokens and passwords."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


@contextmanager
def log_context(**fields: str) -> Iterator[None]:
    """Put ``fields`` (job, dataset, attempt…) on every line logged inside."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def logged_field(name: str) -> str | None:
    """What stands under ``name`` on the lines logged here."""
    return _context.get().get(name)


class _Formatter(logging.Formatter):
    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        message = redact(message)
        fields = _context.get()
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        if self._as_json:
            line = {"time": time, "level": record.levelname, "logger": record.name, "message": message}
            return json.dumps(line | fields, ensure_ascii=False)
        suffix = "".join(f" {name}={value}" for name, value in fields.items())
        # What a hub or a file is called may hold what a terminal takes for an order.
        return visible(f"{time} {record.levelname:7} {record.name}: {message}{suffix}")


def configure_logging(level: str, *, as_json: bool) -> None:
    """One handler on the root logger; chatty libraries are held at WARNING."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(as_json))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpx2", "httpcore", "urllib3", "alembic", "dbos", "google_genai", "langchain"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
