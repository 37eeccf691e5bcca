"""A person's consent as their last message gives it."""

import re
from collections.abc import Iterator, Sequence

from dataferry.chat.addresses import written_refs
from dataferry.chat.conversation import Conversation
from dataferry.chat.intent import refs_to_cancel, refs_to_download
from dataferry.core.job_types import JobView
from dataferry.core.types import DatasetRef


class MessageConsent:
    """``tools.consent.Consent`` over a person's own last message, parsed without a model."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def refs_to_download(self) -> frozenset[str]:
        return refs_to_download(self._conversation)

    def refs_to_cancel(self, active: Sequence[JobView]) -> tuple[str, ...]:
        return refs_to_cancel(self._conversation, active)

    def allows_any_size(self, ref: str) -> bool:
        return False  # that takes a click

    def knows(self, ref: DatasetRef) -> bool:
        written = self._written
        if ref.source != "url" and any(ref.id.lower() in text.lower() for text in written):
            return True
        if any(str(ref) == str(one) for text in written for one in written_refs(text)):
            return True
        return str(ref) in self._conversation.returned_refs

    def is_model(self, ref: DatasetRef) -> bool:
        return ref.source == "huggingface" and ref.id in self._conversation.shown_models

    def wrote(self, word: str) -> bool:
        alone = re.compile(rf"(?<![\w./-]){re.escape(word)}(?![\w/-]|\.\w)", re.IGNORECASE)
        return any(alone.search(text) for text in self._written)

    def written_refs(self) -> Iterator[DatasetRef]:
        return written_refs(self._conversation.last)

    @property
    def _written(self) -> list[str]:
        """All that the person wrote in this chat."""
        return [message.content for message in self._conversation.messages if message.role == "user"]
