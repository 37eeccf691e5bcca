"""What is told of a plugin, read when it is found: one that cannot be told of must not keep the others from
being listed."""

from pydantic import ValidationError

from dataferry.core.types import View
from dataferry.plugins.base import AnyPlugin, DatasetPlugin

#: The members that other names stand for.
_WRITTEN = {"title": "display_name", "classes": "class_names"}


class _Declared(View):
    """Of every dataset."""

    name: str
    title: str
    description: str
    task: str
    license: str | None
    license_note: str
    citation: str
    homepage: str
    revision: str
    size_bytes: int | None
    classes: tuple[str, ...]
    tags: tuple[str, ...]


class _DeclaredSamples(_Declared):
    """Of images and texts."""

    task_type: str
    input_shape: tuple[int, ...]
    num_classes: int
    train_size: int
    val_size: int
    test_size: int
    normalization: tuple[tuple[float, ...], ...] | None
    data_dirs: tuple[str, ...]


def unusable_member(plugin: AnyPlugin) -> tuple[str, str] | None:
    """The first member that cannot be told, and why; None where all can. Errors: whatever a member raises."""
    kind = _DeclaredSamples if isinstance(plugin, DatasetPlugin) else _Declared
    try:
        kind.model_validate({name: getattr(plugin, name) for name in kind.model_fields})
    except ValidationError as error:
        first = error.errors()[0]
        member = str(first["loc"][0])
        return _WRITTEN.get(member, member), first["msg"]
    return None
