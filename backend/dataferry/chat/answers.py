"""The planner's texts in the person's language."""

from string import Template

from dataferry.chat.lexicon import ENGLISH
from dataferry.tools.prompts import Prompts

#: Languages that are written from right to left.
_RIGHT_TO_LEFT = frozenset({"ar"})


class Answers:
    """``say("files", count=3)`` is the text ``files`` of ``prompts/planner/answers/<language>.toml`` with
    ``$count`` filled in, or ``files_one`` for a count of one. A language without it says it in English.

    In a language that is written from right to left, each value is isolated, so that a name in Latin letters
    turns neither the sentence nor the marks beside it.
    """

    def __init__(self, prompts: Prompts | None = None, language: str = ENGLISH) -> None:
        prompts = prompts or Prompts()
        self._isolates = language in _RIGHT_TO_LEFT
        self._texts = prompts.table(f"planner/answers/{ENGLISH}")
        if (prompts.folder / "planner" / "answers" / f"{language}.toml").is_file():
            self._texts = self._texts | prompts.table(f"planner/answers/{language}")

    def __call__(self, name: str, *, count: int | None = None, **values: object) -> str:
        text = self._texts.get(f"{name}_one") if count == 1 else None
        shown = {} if count is None else {"count": f"{count:,}"}
        if self._isolates:
            values = {key: f"\u2068{value}\u2069" for key, value in values.items()}
        return Template(text or self._texts[name]).safe_substitute(shown, **values).strip()
