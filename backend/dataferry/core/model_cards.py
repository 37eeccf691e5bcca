"""What is shown of a machine-learning model at a hub. It is no dataset, and nothing here downloads it."""

from datetime import datetime
from typing import Literal

from dataferry.core.problems import SourceProblem
from dataferry.core.types import View


class ModelCard(View):
    """A model that a search has found. It has no ref: what takes datasets does not take it.

    ``id``: ``owner/name`` as the hub writes it; ``url``: its page there. ``parameters``: how many the hub
    counted, None where it did not. ``library``: what loads it. ``languages``: codes, as far as stated.
    """

    id: str
    name: str
    owner: str
    source: Literal["huggingface"] = "huggingface"
    url: str
    task: str | None = None
    downloads: int = 0
    likes: int = 0
    license: str | None = None
    parameters: int | None = None
    library: str | None = None
    languages: tuple[str, ...] = ()
    gated: bool = False
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()


class ModelSearchAnswer(View):
    """Models, best first. ``task`` and ``language``: what the query was understood to ask for. ``url``: the
    hub's own page of such models. A hub that failed is in ``source_errors``."""

    query: str
    models: tuple[ModelCard, ...]
    task: str | None = None
    language: str | None = None
    url: str
    source_errors: tuple[SourceProblem, ...] = ()
