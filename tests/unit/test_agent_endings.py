"""How a model's answer can end otherwise than well: what was shown stays, and nothing is said twice.

The shapes are those of facts/wire.md, 3.1 to 3.3.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from dataferry.chat.events import NoticeAdded
from dataferry.chat.model_choice import DEFAULT_MODEL
from dataferry.chat.model_endings import Ending, ending_of
from dataferry.chat.model_steps import StepWatch
from tests.fakes.gemini import GeminiFake, Reply, call, say
from tests.support.asking import Asked, ask, kinds
from tests.support.chat import HOSPITALS, PIMA

pytestmark = pytest.mark.anyio

SEARCH = call("search_datasets", query="diabetes")
WORDS = "I found two sets that may fit."


@pytest.fixture(scope="module")
def server() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        yield fake


@pytest.fixture
def gemini(server: GeminiFake) -> GeminiFake:
    server.reset()
    return server


#: LangChain's client makes blocks of the text of the one, and a string of the other's.
versions = pytest.mark.parametrize("version", ["gemini-3-flash-preview", "gemini-2.5-flash"])


def notice_kinds(asked: Asked) -> list[str]:
    return [event.kind for event in asked.events if isinstance(event, NoticeAdded)]


# -- broken off ---------------------------------------------------------------------------------------


@versions
@pytest.mark.parametrize("tail", ["json", "event", "list", "html", "none"])
async def test_an_answer_that_breaks_off_is_kept_and_not_said_again(
    gemini: GeminiFake, version: str, tail: str
) -> None:
    """theopenco/llmgateway#3616, google-gemini/gemini-cli#7428, tashfeenahmed/freellmapi#1288."""
    gemini.model_version = version
    gemini.script(SEARCH, say(WORDS), say(WORDS))
    gemini.fault("breaks_off", after=1, times=1, tokens=3, tail=tail)
    asked = await ask(gemini)
    assert len(gemini.requests) == 2
    assert asked.text.startswith("I found two\n\n1 from Kaggle, 1 from HuggingFace.")
    assert asked.text.count("I found two") == 1
    [notice] = asked.notices
    assert notice.startswith("The model broke off in mid-answer. ")
    assert notice.endswith(" Keyword search answers instead.")
    # The notice stands where the answer broke off.
    said = kinds(asked)
    assert said[: said.index("data-notice")][-2:] == ["step-start", "text"]


@pytest.mark.parametrize("tail", ["json", "event", "list", "none"])
async def test_what_breaks_off_before_its_first_word_is_asked_once_more(
    gemini: GeminiFake, tail: str
) -> None:
    """Embassy-of-the-Free-Mind/sourcelibrary-v2#3070."""
    gemini.script(SEARCH, say(WORDS))
    gemini.fault("breaks_off", after=1, times=1, tokens=0, tail=tail)
    asked = await ask(gemini)
    assert (asked.text, asked.notices, len(gemini.requests)) == (WORDS, [], 3)


@pytest.mark.parametrize("fault", ["breaks_off", "drop"])
async def test_a_call_that_nobody_has_seen_is_asked_for_once_more(gemini: GeminiFake, fault: str) -> None:
    """The call came, the error after it: nothing was run, so that nothing is run twice."""
    gemini.script(SEARCH, SEARCH, say(WORDS))
    gemini.fault(fault, times=1, tokens=1)
    asked = await ask(gemini)
    assert (asked.text, asked.notices, len(gemini.requests)) == (WORDS, [], 3)
    assert len(asked.library.searches) == 1
    assert kinds(asked) == ["step-start", "tool-search_datasets", "step-start", "text"]


async def test_what_breaks_off_twice_is_left_to_the_planner(gemini: GeminiFake) -> None:
    gemini.fault("breaks_off", tokens=0)
    asked = await ask(gemini)
    assert len(gemini.requests) == 2
    assert "fault of its own" in asked.notices[0]
    assert asked.refs == [PIMA.ref, HOSPITALS.ref]


async def test_a_limit_in_mid_stream_is_told_as_one(gemini: GeminiFake) -> None:
    """ankit373/hydra#869: a 429 inside the 200. It is not asked again, which would use up more."""
    gemini.script(SEARCH, say(WORDS))
    gemini.fault("breaks_off", after=1, tokens=2, status=429)
    asked = await ask(gemini)
    assert "limit is used up for now (429)" in asked.notices[0]
    assert asked.text.startswith("I found\n\n")
    gemini.reset()
    gemini.fault("breaks_off", tokens=0, status=429)
    assert "limit is used up for now (429)" in (await ask(gemini)).notices[0]
    assert len(gemini.requests) == 1


@versions
async def test_a_line_that_is_cut_after_the_end_takes_nothing_away(gemini: GeminiFake, version: str) -> None:
    """Services in between end the connection without the last chunk ("incomplete chunked read")."""
    gemini.model_version = version
    gemini.script(SEARCH, say(WORDS), say(WORDS))
    gemini.fault("breaks_off", tokens=99, tail="cut")
    asked = await ask(gemini)
    assert (asked.text, asked.notices, len(gemini.requests)) == (WORDS, [], 2)
    assert len(asked.library.searches) == 1
    assert kinds(asked) == ["step-start", "tool-search_datasets", "step-start", "text"]


# -- shapes -------------------------------------------------------------------------------------------


@versions
@pytest.mark.parametrize("ending", ["text", "role", "none"])
async def test_the_last_event_may_hold_nothing(gemini: GeminiFake, version: str, ending: Any) -> None:
    """pydantic/pydantic-ai#2631, agentjido/req_llm#638."""
    gemini.model_version, gemini.ending = version, ending
    gemini.script(Reply("Looking.", SEARCH.calls), say(WORDS))
    asked = await ask(gemini)
    assert asked.text == f"Looking.\n\n{WORDS}"
    assert asked.notices == []
    assert all(isinstance(part["text"], str) for part in asked.builder.parts if part["type"] == "text")


# -- finish reasons -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        ("MALFORMED_FUNCTION_CALL", "empty"),
        ("MALFORMED_FUNCTION_CALL", "none"),
        ("MALFORMED_FUNCTION_CALL", "parts"),
        ("MALFORMED_FUNCTION_CALL", "call"),
        ("UNEXPECTED_TOOL_CALL", "call"),
    ],
)
async def test_a_call_that_went_wrong_is_asked_for_once_more(
    gemini: GeminiFake, reason: str, content: str
) -> None:
    """pydantic/pydantic-ai#3300; a call that the model itself calls malformed is never run
    (NousResearch/hermes-agent#83886)."""
    gemini.script(SEARCH, say(WORDS))
    gemini.fault("finish", times=1, reason=reason, content=content)
    asked = await ask(gemini)
    assert (asked.text, asked.notices, len(gemini.requests)) == (WORDS, [], 3)
    assert kinds(asked) == ["step-start", "tool-search_datasets", "step-start", "text"]

    gemini.reset()
    gemini.fault("finish", reason=reason, content=content)
    asked = await ask(gemini)
    assert len(gemini.requests) == 2
    assert reason in asked.notices[0]
    assert "safety" not in asked.notices[0]
    assert asked.refs == [PIMA.ref, HOSPITALS.ref]


async def test_a_call_that_went_wrong_after_words_is_not_asked_for_again(gemini: GeminiFake) -> None:
    """vellum-ai/vellum-assistant#43134: the words of a broken call leak; they are no whole answer."""
    gemini.script(say("Let me look for it."), say("Let me look for it."))
    gemini.fault("finish", times=1, tokens=3, reason="MALFORMED_FUNCTION_CALL")
    asked = await ask(gemini)
    assert len(gemini.requests) == 1
    assert asked.text.startswith("Let me look\n\n1 from Kaggle, 1 from HuggingFace.")


async def test_an_answer_that_is_too_long_is_kept_and_told_as_cut(gemini: GeminiFake) -> None:
    """ishita2740/Rhythma#508: the length was taken for the safety filter."""
    gemini.script(SEARCH, say(WORDS))
    gemini.fault("finish", after=1, tokens=4, reason="MAX_TOKENS")
    asked = await ask(gemini)
    assert asked.text == "I found two sets"
    assert asked.notices == ["The answer was cut off: the model reached its limit of length."]
    assert notice_kinds(asked) == ["answer_cut"]
    assert asked.builder.model == DEFAULT_MODEL


async def test_a_limit_of_length_that_thinking_used_up(gemini: GeminiFake) -> None:
    gemini.fault("finish", reason="MAX_TOKENS", content="role")
    asked = await ask(gemini)
    assert asked.notices[0].startswith("The model reached its limit of length before its first word.")
    assert "safety" not in asked.notices[0]
    assert asked.refs == [PIMA.ref, HOSPITALS.ref]


@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "MODEL_ARMOR"])
async def test_the_safety_filter_is_blamed_for_safety(gemini: GeminiFake, reason: str) -> None:
    gemini.fault("finish", reason=reason)
    asked = await ask(gemini)
    assert len(gemini.requests) == 1
    assert f"safety filter stopped the answer ({reason})" in asked.notices[0]
    gemini.reset()
    gemini.script(say(WORDS))
    gemini.fault("finish", tokens=2, reason=reason)
    asked = await ask(gemini)
    assert asked.text == "I found"
    assert f"safety filter cut the answer off ({reason})" in asked.notices[0]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("RECITATION", "word for word"),
        ("LANGUAGE", "does not speak the language"),
        ("OTHER", "does not say why (OTHER)"),
        ("STOP", "an empty answer"),
        ("IMAGE_OTHER", "(IMAGE_OTHER)"),
    ],
)
async def test_other_endings_have_words_of_their_own(gemini: GeminiFake, reason: str, words: str) -> None:
    """epam/ai-dial-adapter-vertexai#85, AstrBotDevs/AstrBot#6735."""
    gemini.fault("finish", reason=reason)
    asked = await ask(gemini)
    [notice] = asked.notices
    assert words in notice
    assert "safety" not in notice
    assert asked.refs == [PIMA.ref, HOSPITALS.ref]


async def test_a_blocked_question_is_told_as_one(gemini: GeminiFake) -> None:
    gemini.fault("blocked_prompt")
    notice = (await ask(gemini)).notices[0]
    assert notice.startswith("The model's safety filter refuses the question (PROHIBITED_CONTENT).")


async def test_recitation_in_mid_answer_keeps_what_came(gemini: GeminiFake) -> None:
    """topcheer/ggcode#232."""
    gemini.script(say(WORDS))
    gemini.fault("finish", tokens=4, reason="RECITATION")
    asked = await ask(gemini)
    assert asked.text == "I found two sets"
    assert notice_kinds(asked) == ["answer_cut"]


async def test_a_stop_in_every_event_is_no_end(gemini: GeminiFake) -> None:
    """MartialBE/one-hub#402, Chevey339/kelivo#1003: some services write STOP into each event."""
    gemini.stops_everywhere = True
    gemini.script(SEARCH, say(WORDS))
    asked = await ask(gemini)
    assert (asked.text, asked.notices) == (WORDS, [])


async def test_the_steps_limit_is_no_broken_answer(gemini: GeminiFake) -> None:
    gemini.script(*[Reply("Looking.", SEARCH.calls)] * 3)
    notice = (await ask(gemini, agent_steps=3)).notices[0]
    assert notice.startswith("The model used all of its 3 steps")


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        ({"finish_reason": "stop"}, "whole"),
        ({"finish_reason": "COMPLETE"}, "whole"),
        ({"finish_reason": "length"}, "length"),
        ({"finish_reason": "content_filter"}, "safety"),
        ({"stop_reason": "end_turn"}, "whole"),
        ({"stop_reason": "refusal"}, "safety"),
        ({"stop_reason": None, "model": "x"}, None),
        ({"done_reason": "length"}, "length"),
        ({"prompt_feedback": {"block_reason": None}, "finish_reason": "STOP"}, "whole"),
        ({"finish_reason": "<script>\u202e"}, "other"),
    ],
)
def test_every_provider_has_names_of_its_own(metadata: dict[str, Any], kind: str | None) -> None:
    ending = ending_of(metadata)
    assert (ending.kind if ending else None) == kind
    assert ending is None or "\u202e" not in ending.without_words


def test_a_model_that_does_not_stream_has_shown_its_words_at_once() -> None:
    watch = StepWatch()
    watch.note(AIMessage("All of it.", response_metadata={"stop_reason": "max_tokens"}))
    assert watch.shown
    assert watch.ending == Ending("length", "max_tokens")
