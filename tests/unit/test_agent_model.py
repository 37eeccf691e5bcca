"""Which model answers, what its client costs, and that nothing of it is loaded where none is set."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataferry.chat.agent import Agent, probe_model
from dataferry.chat.conversation import ChatMessage, Conversation
from dataferry.chat.events import ModelFailed, TextDelta
from dataferry.chat.model_choice import DEFAULT_MODEL, ModelChoices, chosen_model
from dataferry.core.settings import Settings
from dataferry.tools.prompts import Prompts
from tests.fakes.gemini import GeminiFake, say
from tests.support.chat import ANNA, MemoryLibrary

pytestmark = pytest.mark.anyio

QUESTION = "find diabetes datasets"


@pytest.fixture
def gemini() -> Iterator[GeminiFake]:
    with GeminiFake() as fake:
        yield fake


async def answer_text(agent: Agent, text: str) -> str:
    conversation = Conversation([ChatMessage("user", text, [])])
    return "".join(
        [event.text async for event in agent.answer(ANNA, conversation) if isinstance(event, TextDelta)]
    )


def agent_of(gemini: GeminiFake) -> Agent:
    library = MemoryLibrary()
    settings = Settings(_env_file=None, google_api_key="key", google_gemini_base_url=gemini.url)
    return Agent(settings, library, library.jobs, Prompts())


async def test_two_event_loops_one_after_the_other(gemini: GeminiFake) -> None:
    """A client of the model belongs to one loop; a second loop gets its own."""
    agent = agent_of(gemini)

    async def in_this_loop() -> str:
        text = await answer_text(agent, QUESTION)
        await agent.close()
        return text

    first = await asyncio.to_thread(asyncio.run, in_this_loop())
    second = await asyncio.to_thread(asyncio.run, in_this_loop())
    assert first == second
    assert "fits best" in first


@pytest.mark.alone
async def test_our_own_share_of_the_first_token(gemini: GeminiFake) -> None:
    """≤ 50 ms over the model's own, once its libraries are loaded. (The best of a few: other work on
    the machine is not ours.)"""
    agent = agent_of(gemini)
    await answer_text(agent, "hi")
    shares = []
    for _ in range(5):
        gemini.log.clear()
        started = time.time()
        events = agent.answer(ANNA, Conversation([ChatMessage("user", "hi", [])]))
        async for event in events:
            if isinstance(event, TextDelta):
                break
        first = time.time() - started
        await events.aclose()
        [request] = gemini.requests
        assert request.first_byte_at is not None
        shares.append(first - (request.first_byte_at - request.at))
    await agent.close()
    assert min(shares) < 0.05


async def test_the_doctors_probe_of_the_model(gemini: GeminiFake) -> None:
    given: dict[str, Any] = {"google_api_key": "key", "google_gemini_base_url": gemini.url}
    gemini.script(say("Hello there."))
    settings = Settings(_env_file=None, **given)
    choice = ModelChoices(settings).current()
    assert await probe_model(choice, settings) == f"{DEFAULT_MODEL} says 'Hello '"
    gemini.fault("rate_limit")
    with pytest.raises(ModelFailed, match="limit is used up"):
        await probe_model(choice, settings)
    assert "keyword search answers" in await probe_model(None, settings)


def test_who_answers() -> None:
    def chosen(**settings: Any) -> str | None:
        return chosen_model(Settings(_env_file=None, **settings))

    assert chosen() is None
    assert chosen(google_api_key="key") == "google_genai:gemini-flash-latest"
    assert chosen(google_api_key="key", model="ollama:llama") == "ollama:llama"
    assert chosen(google_api_key="key", model="planner") is None


def test_the_planner_needs_no_langchain() -> None:
    """Without a model nothing of LangChain or Google is imported."""
    code = """
import asyncio, sys
from dataferry.chat.agent import Agent
from dataferry.chat.conversation import Conversation, ChatMessage
from dataferry.tools.prompts import Prompts
from dataferry.core.settings import Settings
from tests.support.chat import ANNA, MemoryLibrary

async def main():
    library = MemoryLibrary()
    agent = Agent(Settings(_env_file=None), library, library.jobs, Prompts())
    agent.preload()
    async for event in agent.answer(ANNA, Conversation([ChatMessage("user", "find diabetes", [])])):
        pass

asyncio.run(main())
loaded = {name.partition(".")[0] for name in sys.modules}
heavy = {"langchain", "langchain_core", "langgraph", "google", "pandas"} & loaded
sys.exit(f"imported: {heavy}" if heavy else 0)
"""
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
