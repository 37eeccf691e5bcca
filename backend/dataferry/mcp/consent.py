"""A person's consent where another program's assistant calls the tools.

What the person said is not seen here. Their client may ask them before each call; what costs or destroys, and
what leads to an address that is no hub's, asks them once more, whatever the client does (ADR 0054).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from dataferry.core.errors import DataferryError
from dataferry.core.job_types import JobView
from dataferry.core.types import DatasetRef


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the person is to agree to, and what it is about: a ref, or a revision."""

    kind: Literal["size", "address", "revision", "cancel"]
    about: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.about}"


class ClientConsent:
    """``tools.consent.Consent`` for one call.

    ``agreed``: the keys of the questions that the person has said yes to. ``own``: the refs whose downloads
    assistants of theirs have started. ``question`` is the first that is open after the call.
    """

    def __init__(self, wanted: str | None, agreed: Collection[str], own: Collection[str]) -> None:
        self._wanted = _read(wanted)
        self._agreed = agreed
        self._own = own
        self.question: Question | None = None

    def refs_to_download(self) -> list[str]:
        return [str(self._wanted)] if self._wanted is not None else []

    def refs_to_cancel(self, active: Sequence[JobView]) -> list[str]:
        return [ref for ref in self.refs_to_download() if ref in self._own or self._agrees("cancel", ref)]

    def allows_any_size(self, ref: str) -> bool:
        return self._agrees("size", ref)

    def knows(self, ref: DatasetRef) -> bool:
        return ref.source != "url" or self._agrees("address", str(ref))

    def is_model(self, ref: DatasetRef) -> bool:
        return False

    def wrote(self, word: str) -> bool:
        return "/" not in word or self._agrees("revision", word)

    def written_refs(self) -> tuple[DatasetRef, ...]:
        return ()

    def _agrees(self, kind: Literal["size", "address", "revision", "cancel"], about: str) -> bool:
        question = Question(kind, about)
        if question.key in self._agreed:
            return True
        self.question = self.question or question
        return False


def _read(ref: str | None) -> DatasetRef | None:
    try:
        return DatasetRef.parse(ref.strip()) if ref else None
    except DataferryError:
        return None
