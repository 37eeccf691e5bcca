"""Consent: a tool that costs or destroys acts only where the person's own words ask for it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from dataferry.core.job_types import JobView
from dataferry.core.types import DatasetRef


class Consent(Protocol):
    """What the person themselves asks for, read without a model (ADR 0010).

    The caller of the tools implements it over what the person said: the chat over their last message.
    Refs are given as ``str(DatasetRef)``.
    """

    def refs_to_download(self) -> Collection[str]:
        """The refs whose download the person asks for."""
        ...

    def refs_to_cancel(self, active: Sequence[JobView]) -> Collection[str]:
        """The refs among the ``active`` jobs that the person asks to cancel."""
        ...

    def allows_any_size(self, ref: str) -> bool:
        """Whether the person was asked about the download of ``ref`` in particular, whose size is not known
        or above the agent's limit, and has agreed."""
        ...

    def knows(self, ref: DatasetRef) -> bool:
        """Whether the person wrote the ref in this chat, or a tool returned it there before. A model that
        obeys somebody else's text could put what was said into a ref, and so send it to a host."""
        ...

    def is_model(self, ref: DatasetRef) -> bool:
        """Whether a tool has returned what the ref names as a model, which is no dataset."""
        ...

    def wrote(self, word: str) -> bool:
        """Whether the person wrote ``word``, as a whole, in this chat: a branch or a commit that only the
        model names may be anybody's (on HuggingFace whoever likes opens ``refs/pr/7``)."""
        ...

    def written_refs(self) -> Iterable[DatasetRef]:
        """The refs as the person wrote them, with what a model does not see: a URL's query."""
        ...
