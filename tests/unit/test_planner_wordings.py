"""Kinds of wording that the unseen requests of tests/evals brought up, a few of each, in eight languages."""

import pytest

from dataferry.chat.answers import Answers
from dataferry.chat.intent import parse_intent, refs_to_download
from dataferry.library.card_views import DatasetCard
from dataferry.sources.vocabulary import english_for, is_subject, same_kind
from tests.support.chat import card
from tests.unit.test_planner_intent import SHOWN, said, search_part

#: Reports, habits, intentions, possibilities and questions: none asks for anything to be done.
NO_COMMANDS = """
I usually download the second one
I was about to download the first one
stop asking me to download the first one
he told me to download the first one
could the download be cancelled later?
vielleicht lade ich den ersten
wie lange würde es dauern, den ersten zu laden
man könnte den zweiten herunterladen
normalmente descargo el segundo
iba a descargar el primero
j'aurais téléchargé le deuxième
on pourrait télécharger le premier plus tard
eu ia baixar o primeiro
ele disse pra baixar o primeiro
第一个下载要多久
我本来想下载第一个
1番目をダウンロードするつもりだった
小さければ1番目をダウンロードして
عادة أحمل الثاني
كنت سأحمل الأول
"""
#: What frames a wish is no part of its subject.
WISHES = """
Does anybody know where I could find data on quokkas? = quokkas
I'd like to work with quokka counts = quokka counts
serching for quokka counts = quokka counts
Hat zufällig wer einen Datensatz zu Quokkas? = Quokkas
¿Alguien sabe dónde encontrar datos de quokkas? = quokkas
Auriez-vous par hasard des données sur les quokkas ? = quokkas
alguém sabe onde acho dados de quokkas? = quokkas
请问哪里能找到法院的数据 = 法院
どなたか、きのこの画像データセットをご存知ないでしょうか。 = きのこ
هل يعرف أحد أين أجد بيانات عن القهوة؟ = القهوة
"""
CANCELLED = """
I changed my mind, kill that download
laisse tomber, arrête le téléchargement
para la descarga, ya no la necesito
算了，别下了，取消吧
やっぱりやめて、ダウンロードを中止して
غيرت رأيي، ألغ التحميل
"""


def lines(block: str) -> list[str]:
    return block.strip().splitlines()


@pytest.mark.parametrize("text", lines(NO_COMMANDS))
def test_what_is_only_told_or_asked_does_nothing(text: str) -> None:
    conversation = said(text, search_part(SHOWN))
    assert refs_to_download(conversation) == frozenset()
    assert parse_intent(conversation).kind not in ("download", "cancel", "delete")


@pytest.mark.parametrize("line", lines(WISHES))
def test_the_words_around_a_wish_are_left_out(line: str) -> None:
    text, _, query = line.partition(" = ")
    assert parse_intent(said(text)).query == query


@pytest.mark.parametrize("text", lines(CANCELLED))
def test_a_reason_beside_a_cancellation_holds_nothing_back(text: str) -> None:
    assert parse_intent(said(text)).kind == "cancel"


def test_a_subject_takes_the_place_of_one_of_its_kind() -> None:
    assert same_kind("Gitarre", "piano")
    assert not same_kind("guitar", "cancer")


def test_a_word_is_looked_up_before_its_stem() -> None:
    assert english_for("Wetterdaten") == "weather"
    assert is_subject("きのこ", "ja")
    assert not is_subject("quokka", "en")


def test_a_card_is_meant_by_its_format_or_licence() -> None:
    cards: tuple[DatasetCard, ...] = (
        card("kaggle:a/birds", "Birds", 10, formats=("csv",), license="CC0-1.0"),
        card("huggingface:b/owls", "owls", 10, formats=("wav",), license="MIT"),
    )
    for text, ref in (("get me the audio one", "huggingface:b/owls"), ("get the CC0 one", "kaggle:a/birds")):
        assert refs_to_download(said(text, search_part(cards))) == {ref}


def test_sums_and_what_is_here_already() -> None:
    assert parse_intent(said("what's 17 times 23")).kind == "elsewhere"
    assert parse_intent(said("do I already have the league results?")).kind == "library"


def test_a_latin_name_does_not_turn_an_arabic_sentence() -> None:
    assert Answers(language="ar")("is_open", title="ais-tracks").startswith("\u2068ais-tracks\u2069 ")
    assert Answers(language="de")("is_open", title="ais-tracks").startswith("ais-tracks ")
