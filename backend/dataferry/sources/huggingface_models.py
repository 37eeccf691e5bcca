"""Models as the HuggingFace Hub lists them."""

import re
from collections.abc import Sequence
from typing import Any

from dataferry.core.model_cards import ModelCard
from dataferry.sources import metadata
from dataferry.sources.licences import OTHER, join_names, license_name

_ID = re.compile(r"[\w][\w.-]*(?:/[\w.-]+)?", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]+)?")
#: Tags with a prefix are the hub's bookkeeping; these words stand in nearly all.
_NO_TAG = re.compile(r":|^(?:endpoints_compatible|autotrain_compatible|has_space|model-index)$")
MAX_LANGUAGES = 120


def model_card(info: Any, endpoint: str) -> ModelCard | None:
    """A model of ``list_models``; None for one that is private, or whose id is none."""
    model_id = str(info.id)
    if info.private or not _ID.fullmatch(model_id):
        return None
    labels = [str(tag) for tag in info.tags or []]
    owner, _, name = model_id.rpartition("/")
    known = {str(info.pipeline_tag), str(info.library_name)}
    return ModelCard(
        id=model_id,
        name=name,
        owner=owner,
        url=f"{endpoint}/{model_id}",
        task=metadata.one_line(info.pipeline_tag, metadata.TAG_CHARS) or None,
        downloads=int(info.downloads or 0),
        likes=int(info.likes or 0),
        license=stated_license(info.card_data, _license_tags(labels)),
        parameters=_parameters(info),
        library=metadata.one_line(info.library_name, metadata.TAG_CHARS) or None,
        languages=_languages(info.card_data, labels),
        gated=bool(info.gated),
        updated_at=metadata.utc(info.last_modified),
        tags=metadata.tags(tag for tag in labels if tag not in known and not _NO_TAG.search(tag)),
    )


def _parameters(info: Any) -> int | None:
    """What the hub counted in the weights, in either of the formats that it reads."""
    counted = info.safetensors.total if info.safetensors else (info.gguf or {}).get("total")
    return int(counted) if counted else None


def stated_license(card: Any, tagged: Sequence[str]) -> str | None:
    """The tags are what the hub shows; the card may hold a list, or words of its own for ``other``."""
    stated = getattr(card, "license", None)
    names: list[Any] = [*tagged] or (stated if isinstance(stated, list) else [stated])
    named = getattr(card, "license_name", None)
    own = license_name(str(named)) if named else None
    plain = [license_name(str(name)) if name else None for name in names]
    return join_names(own if name == OTHER and own else name for name in plain)


def _license_tags(labels: Sequence[str]) -> list[str]:
    return [label.partition(":")[2] for label in labels if label.startswith("license:")]


def _languages(card: Any, labels: list[str]) -> tuple[str, ...]:
    """What the card states: among the tags ``da`` may stand for something else. Without a card the tags."""
    stated = labels if card is None else getattr(card, "language", None)
    named = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    codes = (str(one).lower() for one in named)
    return tuple(dict.fromkeys(code for code in codes if _LANGUAGE.fullmatch(code)))[:MAX_LANGUAGES]
