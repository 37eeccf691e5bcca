"""Wishes for models, and the many wishes for data that only say "model"; what comes of them in a chat."""

import pytest

from dataferry.chat.consent import MessageConsent
from dataferry.chat.conversation import ChatMessage, Conversation
from dataferry.chat.intent import parse_intent, refs_to_download
from dataferry.core.model_cards import ModelCard
from dataferry.core.types import DatasetRef
from tests.support.chat import MemoryLibrary
from tests.unit.test_planner_answers import Talk

WHISPER = ModelCard(
    id="openai/whisper-small",
    name="whisper-small",
    owner="openai",
    url="https://hub.test/openai/whisper-small",
)

#: With a word of the query, and the language that is asked for.
MODELS = """
which model can transcribe Welsh speech? | Welsh | cy
find models that detect ships, not data | ships |
is there a model that sorts apples by ripeness? | apples |
OCR models under MIT licence | OCR |
newest embedding models for German | embedding | de
ein kleines Sentiment-Modell für Tweets | Sentiment |
Gibt es ein Modell, das Schiffe auf Satellitenbildern erkennt? | Schiffe |
Modelle statt Daten: Verkehrszeichenerkennung | Verkehrszeichenerkennung |
¿qué modelo puede resumir sentencias? | sentencias |
busco un modelo para detectar barcos | barcos |
quel modèle peut résumer des articles en français ? | articles | fr
je cherche un modèle pour détecter des navires | navires |
que modelo transcreve fala em português? | transcreve | pt
um modelo pequeno de análise de sentimento para tweets | sentimento |
哪个模型可以识别威尔士语语音？ | 威尔士语 |
推荐一个小的中文情感分析模型 | 情感 | zh
ウェールズ語の音声を書き起こせるモデルはどれですか | ウェールズ語 |
أي نموذج يمكنه نسخ الكلام؟ | الكلام |
ابحث عن نموذج لتحليل المشاعر بالعربية | المشاعر | ar
"""
#: Data is wanted, with a word of the query, or no model of machine learning is meant.
DATA = """
data to train a model for churn | churn
dataset for fine-tuning a model | model
I need images of bridges to train a model | bridges
I need photos for my skin cancer model | skin
find data for training an LLM on law | law
training data for a language model | language
my model needs more German tweets | tweets
train delays in Switzerland | train
datasets used to train whisper | train
car models and prices | car
3D models of furniture | furniture
digital elevation model of the Alps | Alps
model organism gene expression | gene
Daten, um ein Modell für Kündigungen zu trainieren | Kündigungen
Bilder für mein Modell zur Hautkrebserkennung | Hautkrebserkennung
datos para entrenar un modelo de detección de barcos | barcos
des images de ponts pour entraîner un modèle | ponts
données pour un modèle de traduction | traduction
imagens de pontes para treinar um modelo | pontes
训练模型用的船只图片 | 船
モデルの学習用の船の画像 | 船
بيانات لتدريب نموذج على كشف السفن | السفن
"""


def _lines(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def _said(text: str) -> Conversation:
    return Conversation([ChatMessage("user", text, [])])


@pytest.mark.parametrize(("text", "word", "language"), _lines(MODELS))
def test_models_are_searched_for(text: str, word: str, language: str) -> None:
    intent = parse_intent(_said(text))
    assert intent.kind == "models"
    assert word in intent.query
    assert intent.filters.get("language", "") == language


@pytest.mark.parametrize(("text", "word"), _lines(DATA))
def test_who_says_model_mostly_wants_data(text: str, word: str) -> None:
    intent = parse_intent(_said(text))
    assert intent.kind == "search"
    assert word in intent.query


@pytest.mark.anyio
async def test_a_model_is_shown_and_nothing_downloads_it() -> None:
    """Its card is no answer to "the first one", though datasets were shown before."""
    library = MemoryLibrary()
    library.models = (WHISPER,)
    talk = Talk(library)
    await talk("find diabetes datasets")
    assert "model on HuggingFace, not a dataset" in await talk("which model can transcribe Welsh speech?")
    assert "That is a model" in await talk("download the first one")
    assert "That is a model" in await talk("download it")
    assert not library.requested
    assert not refs_to_download(Conversation(talk.said))


@pytest.mark.anyio
async def test_a_search_of_models_is_changed_continued_and_turned_to_data() -> None:
    library = MemoryLibrary()
    library.models = (WHISPER,)
    talk = Talk(library)
    await talk("which model can transcribe Welsh speech?")
    for text, expected in (
        ("only MIT licence", ("search_models", {"license": "mit"})),
        ("more", ("search_models", {"limit": 20})),
        ("datasets for it", ("search_datasets", {})),
    ):
        await talk(text)
        part = next(part for part in talk.said[-1].parts if part["type"].startswith("tool-"))
        tool, changed = expected
        assert part["type"] == f"tool-{tool}"
        assert "Welsh" in part["input"]["query"]
        assert changed.items() <= part["input"].items()


def test_a_model_that_was_shown_is_known_as_one() -> None:
    output = {"query": "x", "url": "", "models": [WHISPER.model_dump(mode="json")]}
    shown = {
        "type": "tool-search_models",
        "toolCallId": "c",
        "state": "output-available",
        "input": {"query": "x"},
        "output": output,
    }
    conversation = Conversation([ChatMessage("assistant", "", [shown]), ChatMessage("user", "take it", [])])
    assert MessageConsent(conversation).is_model(DatasetRef.parse("huggingface:openai/whisper-small"))
