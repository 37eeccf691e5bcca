"""What the server says to an API's client is said in the shell's own words there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dataferry
from dataferry.cli.output import ExitCode
from dataferry.cli.wording import for_shell, sentence
from dataferry.core.errors import DataferryError

_API_WORDS = re.compile(
    r"/api/|\b(GET|POST|PUT|DELETE) |_id\b|download_path|keep_archives|force_download"
    r"|\bwith (force|replace)\b|Add source|\bunder Settings|send it again|Downloads page"
)
#: To a browser or a program that speaks HTTP itself; the command line never gets them.
_NOT_HERE = {
    "Sign in at /api/auth/token.",
    "Open it as one, with a ticket of POST /api/auth/ws-ticket.",
}


def _next_steps() -> Iterator[str]:
    """Every constant part of a next step in the program."""
    for path in Path(dataferry.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.keyword) and node.arg == "next_step"
            usual = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "usual_step"
            if named or usual:
                value = node.value  # type: ignore[union-attr]
                for part in ast.walk(value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value


def test_no_next_step_has_words_of_the_api() -> None:
    steps = set(_next_steps()) - _NOT_HERE
    assert len(steps) > 100
    told = {step: for_shell(step) for step in steps}
    assert {step: words for step, words in told.items() if _API_WORDS.search(words)} == {}


@pytest.mark.parametrize(
    ("said", "here"),
    [
        ("sources.0: Input should be 'kaggle'", "--source: Input should be 'kaggle'."),
        (
            "dataset_id: String should have at least 1 character",
            "REF: String should have at least 1 character.",
        ),
        ("filters.max_bytes: Input should be positive", "--max-size: Input should be positive."),
        ("Kaggle has no dataset a/b.", "Kaggle has no dataset a/b."),
    ],
)
def test_a_field_of_a_request_is_an_option(said: str, here: str) -> None:
    assert sentence(for_shell(said)) == here


def test_only_what_nobody_foresaw_ends_with_1() -> None:
    def kinds(kind: type[DataferryError]) -> Iterator[type[DataferryError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from kinds(child)

    failed = {kind.code for kind in kinds(DataferryError) if ExitCode.of(kind.code) is ExitCode.FAILED}
    assert failed == {DataferryError.code}
