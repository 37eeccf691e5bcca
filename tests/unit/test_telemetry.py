"""Logs: one line an event, with its ids, and no secret in it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from dataferry.core.telemetry import configure_logging, log_context, redact

log = logging.getLogger("dataferry.test")

LINES = [
    ("https://ada:hunter2@example.org/a.zip", "https://…@example.org/a.zip"),
    ("GET https://example.org/a.zip?X-Amz-Signature=hunter2 ended", "GET https://example.org/a.zip?… ended"),
    ('{"url": "https://example.org/a?sig=hunter2"}', '{"url": "https://example.org/a?…"}'),
    ("Authorization: Bearer hunter2hunter2", "Authorization: Bearer …"),
    ("authorization: basic aHVudGVyMjpodW50ZXIy", "authorization: basic …"),
    ("token hf_hunter2hunter2 refused", "token hf_… refused"),
    ("KGAT_hunter2hunter2", "KGAT_…"),
    ("key AIzahunter2hunter2", "key AIza…"),
    ("eyJhbGciOi.hunter2.hunter2", "eyJ…"),
]


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, as it was before."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield root
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
    for handler in handlers:
        if handler not in root.handlers:
            root.addHandler(handler)
    root.setLevel(level)


def written(root: logging.Logger, *, as_json: bool) -> io.StringIO:
    """What is logged from now on."""
    configure_logging("INFO", as_json=as_json)
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    return stream


@pytest.mark.parametrize(("line", "shown"), LINES)
def test_secrets_are_taken_out(line: str, shown: str) -> None:
    assert redact(line) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "line", ["huggingface:stanfordnlp/imdb", "job_1f0c waits 87 s", "/data/kaggle/ada/iris?", "50 % of 3 GB"]
)
def test_other_words_stay(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize("as_json", [False, True])
def test_a_line_carries_its_ids_and_no_secret(root: logging.Logger, as_json: bool) -> None:
    stream = written(root, as_json=as_json)
    with log_context(job="job_1"), log_context(attempt="2"):
        log.info("fetching %s", "https://example.org/a?sig=hunter2")
    log.info("afterwards")
    log.debug("too much")
    first, second = stream.getvalue().splitlines()
    if as_json:
        event = json.loads(first)
        assert (event["job"], event["attempt"], event["level"]) == ("job_1", "2", "INFO")
        assert event["message"] == "fetching https://example.org/a?…"
        assert "job" not in json.loads(second)
    else:
        assert first.endswith("fetching https://example.org/a?… job=job_1 attempt=2")
        assert second.endswith("afterwards")


def test_a_traceback_is_redacted_and_stays_one_line_of_json(root: logging.Logger) -> None:
    stream = written(root, as_json=True)
    try:
        raise ValueError("Bearer hunter2hunter2")
    except ValueError:
        log.exception("failed")
    (line,) = stream.getvalue().splitlines()
    message = json.loads(line)["message"]
    assert "Traceback" in message
    assert "hunter2" not in message


def test_chatty_libraries_are_held_back(root: logging.Logger) -> None:
    stream = written(root, as_json=False)
    logging.getLogger("httpx").info("HTTP Request: GET …")
    logging.getLogger("httpx").warning("odd")
    assert [line.rpartition(": ")[2] for line in stream.getvalue().splitlines()] == ["odd"]
