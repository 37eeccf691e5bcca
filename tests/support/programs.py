"""Programs and rights that some tests want, and not every machine has."""

import os
import shutil
from typing import NoReturn

import pytest


def unavailable(words: str) -> NoReturn:
    """Skip the test, saying what it wants and how to have it. Under CI everything must be there: it fails."""
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def program(name: str, *, package: str | None = None) -> str:
    """The path of a program; the test is skipped where there is none. ``package``: Debian's."""
    return shutil.which(name) or unavailable(f"wants {name}: apt install {package or name}")
