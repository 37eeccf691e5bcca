"""What is told of an error, in answers and in the database."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from dataferry.core.errors import DataferryError, kind_of
from dataferry.core.types import SourceName, View


class ProblemWords(View):
    """What is told of an error; see ``DataferryError``. ``retryable`` follows from the code, for what was
    stored before there was one too."""

    code: str
    detail: str
    next_step: str | None = None
    link: str | None = None
    screen: str | None = None
    setting: str | None = None
    retryable: bool = Field(default_factory=lambda fields: kind_of(fields["code"]).retryable)

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """From a problem document, which has more. Errors: ``ValueError`` for what is none."""
        return cls(**{name: value for name, value in document.items() if name in cls.model_fields})

    def restore(self) -> DataferryError:
        """The error that was told of."""
        return kind_of(self.code)(
            self.detail,
            next_step=self.next_step,
            link=self.link,
            screen=self.screen,
            setting=self.setting,
        )


def words_of(error: DataferryError) -> dict[str, Any]:
    """The fields of ``ProblemWords``."""
    names = ("code", "detail", "next_step", "link", "screen", "setting", "retryable")
    return {name: getattr(error, name) for name in names}


class SourceProblem(ProblemWords):
    """One source's failure inside an answer that succeeded otherwise."""

    source: SourceName


class ProblemView(ProblemWords):
    """Why a job failed or waits, as the API's problems say it."""

    status: int = 500
