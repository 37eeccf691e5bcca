"""What TAB offers beside commands and options: datasets, jobs, sources.

It is read from the database as it lies there, so that no server is asked or started; where there is none, or
anything else is in the way, nothing is offered and nothing said.
"""

import io
import os
import sqlite3
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import closing, redirect_stdout

from dataferry.core.specs import SOURCES

#: Of a list that is longer, the newest are offered.
_MOST = 200
#: Seconds for a database that is being written.
_WAIT_S = 0.1

_DATASETS = """
    SELECT DISTINCT word, title FROM (
        SELECT source || ':' || source_id AS word, title, updated_at_ms FROM datasets WHERE downloaded
        UNION ALL
        SELECT name, title, updated_at_ms FROM datasets WHERE downloaded AND name NOT LIKE '%:%'
    ) WHERE word LIKE ? ESCAPE '\\' ORDER BY updated_at_ms DESC LIMIT ?
"""
_JOBS = """
    SELECT jobs.id, jobs.state || ' ' || coalesce(datasets.name, '') FROM jobs
    LEFT JOIN datasets ON datasets.id = jobs.dataset_id
    WHERE jobs.id LIKE ? ESCAPE '\\' ORDER BY jobs.created_at DESC LIMIT ?
"""

Offer = tuple[str, str]
"""A word, and what a shell may show beside it."""


def offer_refs(incomplete: str) -> list[Offer]:
    """Refs of the datasets on this machine, and the sources that a ref begins with."""
    begun = [] if ":" in incomplete else [(f"{name}:", spec.label) for name, spec in SOURCES.items()]
    return [*_rows(_DATASETS, incomplete), *(offer for offer in begun if offer[0].startswith(incomplete))]


def offer_jobs(incomplete: str) -> list[Offer]:
    """Ids of jobs, the newest first."""
    return list(_rows(_JOBS, incomplete))


def offer_sources(incomplete: str) -> list[Offer]:
    return [(name, spec.label) for name, spec in SOURCES.items() if name.startswith(incomplete)]


def offer_hubs(incomplete: str) -> list[Offer]:
    return [offer for offer in offer_sources(incomplete) if SOURCES[offer[0]].hub]


def _rows(query: str, incomplete: str) -> Iterator[Offer]:
    begins = "".join(f"\\{char}" if char in "\\%_" else char for char in incomplete) + "%"
    try:
        from dataferry.core.settings import load_settings

        settings = load_settings()
        path = settings.data_dir / "dataferry.sqlite"
        if not settings.embedded or not path.exists():
            return
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_WAIT_S)) as database:
            yield from database.execute(query, (begins, _MOST)).fetchall()
    except Exception:  # TAB is no place to be told of what is wrong
        return


def complete_in_bash(run: Callable[[], int]) -> int:
    """``run`` Typer's completion for a shell that breaks words at colons and wants what is behind one."""
    cut = join_words(os.environ)
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            return run()
    finally:
        for line in printed.getvalue().splitlines():
            print(line.removeprefix(cut))


def join_words(environment: MutableMapping[str, str]) -> str:
    """Put together again what bash has broken at a colon, ``huggingface``, ``:``, ``owner/na``, before Typer
    reads the words from the environment. Returns what comes before the part at the cursor."""
    words, cursor = environment.get("COMP_WORDS", "").split(), environment.get("COMP_CWORD", "")
    if ":" not in words or not cursor.isdigit():
        return ""
    joined: list[str] = []
    cut = ""
    place = at = int(cursor)
    number = 0
    while number < len(words):
        if words[number] in SOURCES and words[number + 1 : number + 2] == [":"]:
            last = min(number + 2, len(words) - 1)
            if number < at <= last:
                place = len(joined)
                cut = f"{words[number]}:"
            elif at > last:
                place -= last - number
            joined.append("".join(words[number : last + 1]))
            number = last + 1
        else:
            joined.append(words[number])
            number += 1
    environment["COMP_WORDS"], environment["COMP_CWORD"] = " ".join(joined), str(place)
    return cut
