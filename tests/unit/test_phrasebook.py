"""The phrasebook: what messages ask of this machine, in several languages, and what is left of a search."""

import tomllib
from pathlib import Path

import pytest

from dataferry.chat.intent import parse_intent
from dataferry.chat.phrasebook import without_filler
from dataferry.tools.prompts import Prompts
from tests.unit.test_planner_intent import said

LEXICON = sorted((Prompts().folder / "planner" / "lexicon").glob("*.toml"))

LIBRARY = """
what do I have downloaded?
What did I download?
which datasets have we got already?
what's already on my disk here?
show my datasets
my data
downloaded datasets
anything downloaded yet?
list everything on disk
what's in the library
how many datasets do we have?
what do i have donwloaded
was habe ich heruntergeladen?
zeig mir meine Datensätze
¿qué tengo descargado?
qué datos tengo
mes jeux de données
qu'ai-je téléchargé ?
cosa ho scaricato?
o que eu já baixei?
wat heb ik gedownload?
что я скачал?
какие данные у меня есть?
我已经下载了哪些数据集？
ダウンロードしたデータセットは？
ما هي مجموعات البيانات الموجودة على جهازي؟
"""
STATUS = """
what is downloading
what's being downloaded right now?
my downloads
show my downloads
status
status of my downloads
show me the progress of it
are any downloads running?
anything still coming down?
how much is still missing?
Wie lange dauert der Download noch?
was wird gerade heruntergeladen?
mis descargas
le téléchargement avance-t-il ?
o que está sendo baixado?
что скачивается?
还要下载多久？
ダウンロードの進捗は？
"""
#: What sounds like it and is a search.
SEARCHES = """
monthly downloads of open-source packages
running datasets
progress data
data collection
library records of prisons
machine data
local news
status of endangered frogs by region
which datasets about cats
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize("text", lines(LIBRARY))
def test_questions_about_the_library(text: str) -> None:
    assert parse_intent(said(text)).kind == "library"


@pytest.mark.parametrize("text", lines(STATUS))
def test_questions_about_downloads(text: str) -> None:
    assert parse_intent(said(text)).kind == "status"


@pytest.mark.parametrize("text", lines(SEARCHES))
def test_a_word_that_is_not_known_makes_it_a_search(text: str) -> None:
    assert parse_intent(said(text)).kind == "search"


def test_orders_are_no_questions() -> None:
    for text in ("download", "download all", "download everything now"):
        assert parse_intent(said(text)).kind == "download"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("hola", "greeting"), ("Danke!", "thanks"), ("谢谢", "thanks"), ("encore", "more"), ("hilfe", "help")],
)
def test_small_talk_of_other_languages(text: str, kind: str) -> None:
    assert parse_intent(said(text)).kind == kind


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Gibt es Daten über Murmeltiere?", "Murmeltiere"),
        ("necesito datos sobre terremotos", "terremotos"),
        ("je cherche des textes en occitan", "textes occitan"),
        ("procuro dados de queimadas na Amazônia", "queimadas Amazônia"),
        ("将棋の棋譜データを探しています", "将棋 棋譜"),
        # English that has words of others in it.
        ("die casting dataset", "die casting"),
        ("hay bales", "hay bales"),
    ],
)
def test_a_search_is_for_what_its_language_leaves(text: str, query: str) -> None:
    assert parse_intent(said(text)).query == query
    assert without_filler("a" * 5_000) == "a" * 5_000


@pytest.mark.parametrize("path", LEXICON, ids=lambda path: path.stem)
def test_every_language_can_ask_both(path: Path) -> None:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    needed = {"spaced", "running", "status", "library", "here", "noun", "asks", "plain"}
    known = {"mine", "my", "have", "i_have", "search", "filler", "more", "help", "thanks", "greeting"}
    assert needed <= set(table) <= needed | known
