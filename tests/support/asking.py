"""A question to the agent whose model is the fake Gemini, and what came of it."""

from typing import Any

from dataferry.chat.agent import Agent
from dataferry.chat.conversation import ChatMessage, Conversation, merged_cards
from dataferry.chat.events import AnswerEvent, NoticeAdded
from dataferry.chat.message_builder import MessageBuilder
from dataferry.core.settings import Settings
from dataferry.core.types import Viewer
from dataferry.tools.prompts import Prompts
from tests.fakes.gemini import GeminiFake
from tests.support.chat import ANNA, MemoryLibrary

QUESTION = "find diabetes datasets"


class Asked:
    """One answer: its events, its parts, and what it did."""

    def __init__(self, builder: MessageBuilder, events: list[AnswerEvent], library: MemoryLibrary) -> None:
        self.builder, self.events, self.library = builder, events, library

    @property
    def text(self) -> str:
        return self.builder.content

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, NoticeAdded)]

    @property
    def refs(self) -> list[str]:
        return [card.ref for card in merged_cards(self.builder.parts)]


async def ask(
    gemini: GeminiFake,
    text: str = QUESTION,
    *,
    library: MemoryLibrary | None = None,
    before: list[ChatMessage] | None = None,
    viewer: Viewer = ANNA,
    prompts: Prompts | None = None,
    **settings: Any,
) -> Asked:
    library = library or MemoryLibrary()
    given: dict[str, Any] = {"google_api_key": "key", "google_gemini_base_url": gemini.url} | settings
    agent = Agent(Settings(_env_file=None, **given), library, library.jobs, prompts or Prompts())
    builder, events = MessageBuilder(), []
    conversation = Conversation([*(before or []), ChatMessage("user", text, [])])
    async for event in agent.answer(viewer, conversation):
        builder.apply(event)
        events.append(event)
    await agent.close()
    builder.close("")
    return Asked(builder, events, library)


def kinds(asked: Asked) -> list[str]:
    return [part["type"] for part in asked.builder.parts]
