"""The planner's texts in the person's language."""

from string import Template

from dataferry.chat.lexicon import ENGLISH
from dataferry.tools.prompts import Prompts


class Answers:
    """``say("files", count=3)`` is the text ``files`` of ``prompts/planner/answers/<language>.toml`` with
    ``$count`` filled in, or ``files_one`` for a count of one. A language without it says it in English."""

    def __init__(self, prompts: Prompts | None = None, language: str = ENGLISH) -> None:
        prompts = prompts or Prompts()
        self._texts = prompts.table(f"planner/answers/{ENGLISH}")
        if (prompts.folder / "planner" / "answers" / f"{language}.toml").is_file():
            self._texts = self._texts | prompts.table(f"planner/answers/{language}")

    def __call__(self, name: str, *, count: int | None = None, **values: object) -> str:
        text = self._texts.get(f"{name}_one") if count == 1 else None
        shown = {} if count is None else {"count": f"{count:,}"}
        return Template(text or self._texts[name]).safe_substitute(shown, **values).strip()
