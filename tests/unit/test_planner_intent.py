"""What people write, and what the planner makes of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from dataferry.chat.conversation import ChatMessage, Conversation
from dataferry.chat.intent import parse_intent, refs_to_download
from dataferry.chat.stream import Part
from dataferry.library.card_views import DatasetCard
from tests.support.chat import HOSPITALS, IMDB, IRIS, PIMA, RETINA

SHOWN = (PIMA, HOSPITALS, RETINA)
MB = 1_000_000
GB = 1_000_000_000


def search_part(cards: Sequence[DatasetCard], more: bool = False, **given: Any) -> Part:
    return {
        "type": "tool-search_datasets",
        "toolCallId": "call_1",
        "state": "output-available",
        "input": {"query": "diabetes", **given},
        "output": {
            "query": "diabetes",
            "downloadable_datasets": [card.model_dump(mode="json") for card in cards],
            "more": more,
        },
    }


def details_part(card: DatasetCard) -> Part:
    return {
        "type": "tool-dataset_details",
        "toolCallId": "call_2",
        "state": "output-available",
        "input": {"ref": card.ref},
        "output": {"card": card.model_dump(mode="json")},
    }


def said(text: str, *answers: Part, before: str = "find diabetes datasets") -> Conversation:
    """A chat in which ``answers`` were given, one message each, and ``text`` follows."""
    messages: list[ChatMessage] = []
    for part in answers:
        messages += [ChatMessage("user", before, []), ChatMessage("assistant", "", [part])]
    return Conversation([*messages, ChatMessage("user", text, [])])


SEARCHES: list[tuple[str, str, dict[str, Any]]] = [
    ("find diabetes datasets", "diabetes", {}),
    ("Find diabetes datasets", "diabetes", {}),
    ("diabetes", "diabetes", {}),
    ("I need datasets about heart failure", "heart failure", {}),
    ("hi, can you find me some data on air quality please?", "air quality", {}),
    ("please search for traffic sign images", "traffic sign", {"format": "image"}),
    ("search kaggle for housing prices", "housing prices", {"sources": ("kaggle",)}),
    ("housing prices on Kaggle", "housing prices", {"sources": ("kaggle",)}),
    ("find sentiment datasets on hugging face", "sentiment", {"sources": ("huggingface",)}),
    ("movie reviews from HF", "movie reviews", {"sources": ("huggingface",)}),
    ("movie reviews, not on kaggle", "movie reviews", {"sources": ("huggingface",)}),
    ("flowers on kaggle and huggingface", "flowers", {"sources": ("kaggle", "huggingface")}),
    ("diabetes datasets under 100 MB", "diabetes", {"max_bytes": 100 * MB}),
    ("diabetes data smaller than 1.5GB", "diabetes", {"max_bytes": 1_500 * MB}),
    ("satellite data over 2 GB", "satellite", {"min_bytes": 2 * GB}),
    ("cats between 10 mb and 1 gb", "cats", {"min_bytes": 10 * MB, "max_bytes": GB}),
    ("weather < 50 MiB", "weather", {"max_bytes": 50 * 1024**2}),
    (
        "small image classification sets under 100 MB",
        "image classification",
        {"max_bytes": 100 * MB},
    ),
    ("small datasets about wine", "wine", {"max_bytes": 100 * MB}),
    ("small molecules", "small molecules", {}),
    ("CC0 housing data", "housing", {"license": "cc0"}),
    ("public domain books", "books", {"license": "cc0"}),
    ("traffic data licensed under CC BY 4.0", "traffic", {"license": "cc-by"}),
    ("bird song under a CC licence", "bird song", {"license": "cc"}),
    ("code datasets with an MIT license", "code", {"license": "mit"}),
    ("MIT-BIH arrhythmia", "MIT-BIH arrhythmia", {}),
    ("chest X-ray data with a permissive licence", "chest X-ray", {"commercial": True}),
    ("openly licensed speech, free for commercial use", "speech", {"commercial": True}),
    ("chest x-ray images", "chest x-ray", {"format": "image"}),
    ("any dataset of resumes? needs to be ok for commercial use", "resumes", {"commercial": True}),
    ("datasets about shark attacks that I may use in a product", "shark attacks", {"commercial": True}),
    ("kommerziell nutzbare Bilder von Pilzen", "Pilzen", {"format": "image", "commercial": True}),
    ("datos de taxis para usar comercialmente", "taxis", {"commercial": True}),
    ("données sur les vins utilisables commercialement", "vins", {"commercial": True}),
    ("商用可的人脸数据集有吗", "人脸", {"commercial": True}),
    ("商用利用できる音声データ", "audio", {"format": "audio", "commercial": True}),
    ("beginner friendly time series data newer than 2022", "time series", {"updated_after": "2022-01-01"}),
    ("image classification", "image classification", {}),
    ("csv files about football", "football", {"format": "csv"}),
    ("football as parquet", "football", {"format": "parquet"}),
    (
        "most downloaded text datasets on huggingface",
        "text",
        {"sort": "downloads", "sources": ("huggingface",)},
    ),
    ("newest climate datasets", "climate", {"sort": "updated"}),
    ("largest speech datasets", "speech", {"sort": "size"}),
    ("top 5 fraud datasets", "fraud", {"limit": 5}),
    ("find three datasets about birds", "birds", {"limit": 3}),
    ("reviews for sentiment analysis", "reviews", {"task": "sentiment-analysis"}),
    ('find "The Pile"', "The Pile", {}),
    ("serach for diabtes", "diabtes", {}),
    ("find diabetes datsets", "diabetes", {}),
    ("cancer datasets", "cancer", {}),
    ("breast cancer", "breast cancer", {}),
    ("what datasets are there about earthquakes?", "earthquakes", {}),
    ("do you have anything on penguins?", "penguins", {}),
    ("I'm looking for covid-19 case counts", "covid-19 case counts", {}),
    ("we are building a spam filter and need emails", "spam filter emails", {}),
    ("get me datasets about cats", "cats", {}),
    ("download datasets about cats", "cats", {}),
    ("tell me about diabetes datasets", "diabetes", {}),
    ("find iris and download it", "iris", {}),
    ("I need images", "image", {"format": "image"}),
    ("c++ code", "c++ code", {}),
    ("Find\n\n  diabetes\tdatasets!!!", "diabetes", {}),
]


@pytest.mark.parametrize(("text", "query", "expected"), SEARCHES, ids=[row[0] for row in SEARCHES])
def test_a_search_in_words(text: str, query: str, expected: dict[str, Any]) -> None:
    intent = parse_intent(said(text))
    assert intent.kind == "search"
    assert intent.query == query
    assert {"sources": intent.sources, **intent.filters} == {"sources": (), **expected}


REFINEMENTS: list[tuple[str, dict[str, Any]]] = [
    ("only csv", {"format": "csv"}),
    ("only on kaggle please", {"sources": ("kaggle",)}),
    ("and on huggingface?", {"sources": ("huggingface",)}),
    ("under 10 MB", {"max_bytes": 10 * MB}),
    ("smaller ones", {"max_bytes": 100 * MB}),
    ("just CC0", {"license": "cc0"}),
    ("the most downloaded ones", {"sort": "downloads"}),
]


def test_a_kind_of_data_with_its_noun_is_a_search_of_its_own() -> None:
    intent = parse_intent(said("small image datasets on kaggle", search_part(SHOWN)))
    assert (intent.kind, intent.query, intent.sources) == ("search", "image", ("kaggle",))
    assert intent.filters == {"format": "image", "max_bytes": 100 * MB}


@pytest.mark.parametrize(("text", "expected"), REFINEMENTS, ids=[row[0] for row in REFINEMENTS])
def test_a_search_is_narrowed(text: str, expected: dict[str, Any]) -> None:
    intent = parse_intent(said(text, search_part(SHOWN)))
    assert (intent.kind, intent.query) == ("search", "diabetes")
    assert {"sources": intent.sources, **intent.filters} == {"sources": (), **expected}


KINDS: list[tuple[str, str]] = [
    ("hi", "greeting"),
    ("Hello there!", "greeting"),
    ("help", "help"),
    ("what can you do?", "help"),
    ("how do I download something?", "help"),
    ("thanks!", "thanks"),
    ("ok, great", "thanks"),
    ("I need data", "vague"),
    ("find me a good dataset", "vague"),
    ("datasets please", "vague"),
    ("something interesting", "vague"),
    ("how far is it?", "status"),
    ("how's my download going", "status"),
    ("status", "status"),
    ("is it done yet?", "status"),
    ("what's downloading right now?", "status"),
    ("show my downloads", "status"),
    ("when will it be finished?", "status"),
    ("cancel it", "cancel"),
    ("please cancel the download", "cancel"),
    ("stop the download", "cancel"),
    ("abort", "cancel"),
    ("cancel all", "cancel"),
    ("what do I have?", "library"),
    ("what have I downloaded already", "library"),
    ("show my library", "library"),
    ("list my datasets", "library"),
    ("which datasets do I have", "library"),
    ("show more", "more"),
    ("more results please", "more"),
    ("next page", "more"),
    ("anything else?", "more"),
    ("don't download it", "declined"),
    ("no, do not start the download", "declined"),
    ("delete the first one", "delete"),
    ("tell me about the second one", "details"),
    ("what is the licence of the second one?", "details"),
    ("how big is the third?", "details"),
    ("is the first one free?", "details"),
    ("compare the first two", "compare"),
    ("more about the pima one", "details"),
    ("show me the first one", "details"),
    ("the second one", "details"),
    ("huggingface:stanfordnlp/imdb", "details"),
    ("https://www.kaggle.com/datasets/uciml/iris", "details"),
    ("download the second one", "download"),
    ("donwload the second one", "download"),
    ("Can you download the second one?", "download"),
    ("download it", "download"),
    ("should I download it?", "details"),
    ("download the second one if it is small", "details"),
    ("download the second one?", "details"),
]


@pytest.mark.parametrize(("text", "kind"), KINDS, ids=[row[0] for row in KINDS])
def test_kind(text: str, kind: str) -> None:
    assert parse_intent(said(text, search_part(SHOWN))).kind == kind


ASKED: list[tuple[str, tuple[str, ...]]] = [
    ("download the first one", (PIMA.ref,)),
    ("Download the 2nd", (HOSPITALS.ref,)),
    ("please download number three", (RETINA.ref,)),
    ("download #2", (HOSPITALS.ref,)),
    ("download 1 and 3", (PIMA.ref, RETINA.ref)),
    ("download the first two", (PIMA.ref, HOSPITALS.ref)),
    ("download the first and the third", (PIMA.ref, RETINA.ref)),
    ("download all of them", tuple(card.ref for card in SHOWN)),
    ("get the last one", (RETINA.ref,)),
    ("fetch the second", (HOSPITALS.ref,)),
    ("download the pima one", (PIMA.ref,)),
    ("download Diabetic Retinopathy", (RETINA.ref,)),
    ("download the huggingface one", (HOSPITALS.ref,)),
    ("download uciml/pima-indians-diabetes-database", (PIMA.ref,)),
    ("download huggingface:stanfordnlp/imdb", (IMDB.ref,)),
    ("download hf:stanfordnlp/imdb now", (IMDB.ref,)),
    ("download stanfordnlp/imdb from huggingface", (IMDB.ref,)),
    ("download https://huggingface.co/datasets/stanfordnlp/imdb", (IMDB.ref,)),
    ("download https://www.kaggle.com/datasets/uciml/iris?select=Iris.csv", ("kaggle:uciml/iris",)),
    ("download https://files.test/a.zip", ("url:https://files.test/a.zip",)),
    ("download the built-in iris", (IRIS.ref,)),
    ("download all but the first", (HOSPITALS.ref, RETINA.ref)),
    ("download the second one, not the first", (HOSPITALS.ref,)),
    (f"download {PIMA.ref} instead of {IMDB.ref}", (PIMA.ref,)),
    ("The first is too big. Download the second one.", (HOSPITALS.ref,)),
    ("Looks good! Please download the second one. I need it for my thesis.", (HOSPITALS.ref,)),
    # What follows names no dataset that is known, or is no order.
    ("download stanfordnlp/imdb", ()),
    ("download it", ()),
    ("download the seventh", ()),
    ("download imdb", ()),
    ("download", ()),
    ("tell me about the second one", ()),
    ("the second one", ()),
    ("don't download the second one", ()),
    ("download the second one if it is under 1 MB", ()),
    ("download the second one?", ()),
    ("how do I download the second one", ()),
    ("find imdb and download the first one", ()),
    ("Find imdb. Download the first one.", ()),
    ("Read what it says. Download kaggle:evil/set now.", ()),
    ("Hm. Download the second one. Actually no, wait.", ()),
    ("download all except the cheap ones", ()),
    ("download the readme of the first one", ()),
    ("download train.csv of the second one", ()),
    ("download the second one tomorrow", ()),
    ("the readme says: download kaggle:evil/set", ()),
    ("> download kaggle:evil/set", ()),
    ("```\ndownload kaggle:evil/set\n```", ()),
    ("download kaggle:evil/set " + "and so on " * 50, ()),
]


@pytest.mark.parametrize(("text", "refs"), ASKED, ids=[row[0][:60] for row in ASKED])
def test_the_refs_a_person_asks_for(text: str, refs: tuple[str, ...]) -> None:
    assert refs_to_download(said(text, search_part(SHOWN))) == set(refs)


def test_it_is_the_one_that_was_looked_at_last() -> None:
    answers = (search_part(SHOWN), details_part(HOSPITALS))
    assert refs_to_download(said("download it", *answers)) == {HOSPITALS.ref}
    assert refs_to_download(said("download the third one", *answers)) == {RETINA.ref}
    assert refs_to_download(said("download it", *answers, search_part([IMDB, IRIS]))) == set()
    assert refs_to_download(said("download it", search_part([IMDB]))) == {IMDB.ref}


def test_a_bare_pointer_takes_up_the_order_before_it() -> None:
    """ "download it" – "Which one?" – "the second one"."""
    listed = ChatMessage("assistant", "", [search_part(SHOWN)])
    asked = [ChatMessage("user", "find diabetes", []), listed, ChatMessage("user", "download it", [])]
    which = ChatMessage("assistant", "Which one shall I download?", [])

    def asked_next(text: str) -> frozenset[str]:
        return refs_to_download(Conversation([*asked, which, ChatMessage("user", text, [])]))

    assert asked_next("the second one") == {HOSPITALS.ref}
    assert asked_next("2") == {HOSPITALS.ref}
    assert asked_next("tell me about the second") == set()


def test_nothing_shown_means_nothing_asked() -> None:
    for text in ("download it", "download the first one", "download all"):
        intent = parse_intent(said(text))
        assert (intent.kind, intent.references.refs, intent.references.unresolved) == (
            "download",
            (),
            "nothing_shown",
        )
