"""The error tree: one shape, as drawn, each with words and a status."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataferry.core import errors
from dataferry.core.errors import ConfigError, DataferryError, kind_of
from dataferry.core.problems import ProblemWords, words_of


def kinds(kind: type[DataferryError] = DataferryError) -> Iterator[type[DataferryError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from kinds(child)


KINDS = list(kinds())
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def test_the_tree_is_as_drawn() -> None:
    drawing = (errors.__doc__ or "").partition("``Cancelled``")[0]
    drawn = dict(re.findall(r"([A-Z]\w+) (\d{3})", drawing))
    names = set(re.findall(r"\b[A-Z][A-Za-z]{3,}\b", drawing.partition("DataferryError")[2]))
    assert {kind.__name__ for kind in KINDS} - {"DataferryError"} == names
    for kind in KINDS:
        if kind.__name__ in drawn:
            assert kind.status == int(drawn[kind.__name__]), kind


def test_codes_are_unique_and_for_programs() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@each_kind
def test_a_title_is_short_and_no_sentence(kind: type[DataferryError]) -> None:
    assert 3 < len(kind.title) < 60
    assert not kind.title.endswith(".")
    # Only our own token is answered with 401: it makes a client sign in again.
    assert (kind.status == 401) == (kind is errors.NotSignedIn)


@each_kind
def test_there_is_always_a_next_act(kind: type[DataferryError]) -> None:
    assert kind("What happened.").next_step == kind.usual_step
    assert kind.usual_step.endswith(".")
    assert kind("What happened.", next_step="Do this.").next_step == "Do this."


@each_kind
def test_an_error_comes_back_from_its_stored_code(kind: type[DataferryError]) -> None:
    raised = kind(
        "What happened.", next_step="Do this.", link="https://example.org", screen="/s#k", setting="KEY"
    )
    error = ProblemWords(**words_of(raised)).restore()
    assert (error.screen, error.setting, error.retryable) == ("/s#k", "KEY", kind.retryable)
    assert type(error) is kind
    assert (str(error), error.detail) == ("What happened.", "What happened.")
    assert (error.next_step, error.link, error.retry_after) == (
        "Do this.",
        "https://example.org",
        kind.usual_wait,
    )


def test_an_unknown_code_is_still_an_error() -> None:
    assert kind_of("of_a_newer_version") is DataferryError


def test_what_was_stored_before_it_could_say_so_is_retried_where_that_helps() -> None:
    """A job that failed under an older version has a code, and no word of whether to try again."""

    def old(code: str) -> bool:
        return ProblemWords.model_validate({"code": code, "detail": "What happened."}).retryable

    final = {kind.code for kind in KINDS if not old(kind.code)}
    assert final == {
        *("invalid_input", "outside_store", "private_address", "not_signed_in", "forbidden", "gated"),
        *(
            "not_found",
            "no_images",
            "unreadable",
            "source_not_configured",
            "credential_rejected",
            "unsafe_archive",
        ),
        *("model_key_rejected", "unknown_model", "config", "database_unusable"),
        *("insufficient_scope", "idempotency_key_used", "upgrade_required", "query_too_large"),
        *("bad_image", "bad_upload", "infected_file", "upload_too_large", "seal_broken"),
        "consent_needed",
    }
    assert old("of_a_newer_version")


def test_only_what_may_pass_by_itself_is_tried_again() -> None:
    assert {kind.__name__ for kind in KINDS if kind.transient} == {
        *("SourceTimeout", "SourceUnreachable", "SourceRateLimited"),
        *("NetworkFault", "ChecksumMismatch", "ContentChanged"),
        *("FolderBusy", "RoomReserved", "DatabaseAway", "DatabaseFull", "StillAnswering"),
    }


def test_cancelling_is_no_error() -> None:
    assert not issubclass(errors.Cancelled, DataferryError)


def test_words_for_people_name_no_variable() -> None:
    """They are read on the page, which has a form, or an admin is asked; ``setting`` names it. What stops
    the start, or is said on the command line, may."""
    source = Path(errors.__file__).parents[1]
    variable = re.compile(r"\b[A-Z]{2,}_[A-Z_]{2,}")
    named = [
        f"{path.relative_to(source)}:{words.lineno}: {words.value}"
        for path in sorted(source.rglob("*.py"))
        if path.parent.name not in ("cli", "client")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") != "ConfigError"
        for keyword in call.keywords
        if keyword.arg == "next_step"
        for words in ast.walk(keyword.value)
        if isinstance(words, ast.Constant) and variable.search(str(words.value))
    ]
    assert named == []
    told = [kind for kind in KINDS if not issubclass(kind, ConfigError)]
    assert not [kind for kind in told if variable.search(kind.usual_step)]
