"""SQL by the language model that is set, for ``explorer.asking``."""

import asyncio
import re
from collections.abc import Sequence

from dataferry.chat.agent import load_model
from dataferry.chat.events import ModelFailed
from dataferry.chat.model_choice import ModelChoices
from dataferry.chat.model_setup import model_error
from dataferry.core.settings import Settings
from dataferry.core.visible import for_model, visible
from dataferry.explorer.sql_writing import FailedSql, ModelSql, ToldTable
from dataferry.tools.prompts import Prompts
from dataferry.tools.results import fenced

_SQL = re.compile(r"```(?:sql|duckdb)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_NAME_CHARS = 200
_ERROR_CHARS = 1_000
_WHY_CHARS = 400
#: Of what the model is told of tables.
_SCHEMA_CHARS = 30_000


class ModelSqlWriter:
    """Its connection is opened for one question, and closed."""

    def __init__(self, models: ModelChoices, settings: Settings, prompts: Prompts | None = None) -> None:
        self._models = models
        self._settings = settings
        self._prompts = prompts or Prompts()

    async def model(self) -> str | None:
        choice = await self._models.find()
        return choice.name if choice is not None else None

    async def write(
        self, question: str, tables: Sequence[ToldTable], failed: FailedSql | None = None
    ) -> ModelSql:
        """Errors: the ``ModelError`` family."""
        choice = await self._models.find()
        if choice is None:
            raise model_error(ModelFailed("No model is set any more."))
        asked = self._prompts.text(
            "sql/question",
            tables="\n".join(map(_told, tables))[:_SCHEMA_CHARS],
            question=for_model(question),
        )
        turns = [asked]
        if failed is not None:
            turns += [
                failed.answer,
                self._prompts.text("sql/repair", error=fenced(failed.error, _ERROR_CHARS)),
            ]
        kind = await asyncio.to_thread(load_model, choice.name)
        model = kind(choice, self._settings)
        try:
            answer = await model.complete(self._prompts.text("sql/system"), turns)
        except ModelFailed as failure:
            raise model_error(failure) from failure
        finally:
            await model.aclose()
        return _read(answer)


def _told(table: ToldTable) -> str:
    """``iris (150 rows): sepal_length number «4.3», «7.9»; …``"""
    columns = "; ".join(f"{_name(one.name)} {one.kind}{_samples(one.samples)}" for one in table.columns)
    return f"{_name(table.name)} ({table.rows} rows): {columns}"


def _name(name: str) -> str:
    # Its characters must stay as they are: it is to be written in SQL.
    return re.sub(r"[‹›«»]", "'", " ".join(visible(name)[:_NAME_CHARS].split()))


def _samples(values: Sequence[str]) -> str:
    return " " + ", ".join(f"«{fenced(value, 40)}»" for value in values) if values else ""


def _read(answer: str) -> ModelSql:
    found = _SQL.search(answer)
    why = " ".join(visible(_SQL.sub(" ", answer)).split())[:_WHY_CHARS]
    return ModelSql(sql=found[1].strip() if found else None, why=why, answer=answer)
