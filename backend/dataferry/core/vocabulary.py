"""The names that everything about a dataset bears alike: card, ticket, job, row, receipt and event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, overload

from pydantic import computed_field, model_validator

from dataferry.core.types import SOURCE_LABELS, SourceLabel, SourceName, View


class AboutDataset(View):
    """Base of what tells of one dataset.

    Every such view also has ``source``, ``dataset_id``, ``library_id``, ``state``, ``path`` and
    ``size_bytes``. ``library_id`` is the id of the dataset's row here; so is ``dataset_id``, but in a ticket,
    which repeats there what was asked for.
    """

    ref: str
    key: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def source_name(self) -> SourceName:
        """The source's name. ``source`` has it too, but for cards and tickets, which bear its label there."""
        return self.ref.partition(":")[0]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def source_label(self) -> SourceLabel:
        """What people are shown of the source's name."""
        return SOURCE_LABELS[self.source_name]

    @model_validator(mode="before")
    @classmethod
    def _without_computed(cls, fields: Any) -> Any:
        """A view is read back from what was sent, where these follow from the other fields."""
        if not isinstance(fields, Mapping):
            return fields
        return {name: value for name, value in fields.items() if name not in cls.model_computed_fields}


@overload
def time_of(ms: int) -> datetime: ...
@overload
def time_of(ms: None) -> None: ...
@overload
def time_of(ms: int | None) -> datetime | None: ...
def time_of(ms: int | None) -> datetime | None:
    """The UTC time that is so many milliseconds after the epoch."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
