"""A query parameter that a route does not have is refused: a filter that is ignored looks like one that
found everything."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from dataferry.core.errors import InvalidInput

#: What other APIs call it.
_ELSEWHERE = {
    "perpage": ("limit", "page_size"),
    "pagesize": ("page_size", "limit"),
    "size": ("page_size", "limit"),
    "count": ("limit", "page_size"),
    "page": ("page_number", "cursor"),
    "after": ("cursor",),
    "next": ("cursor",),
    "orderby": ("sort",),
    "order": ("sort",),
    "query": ("q",),
    "search": ("q",),
    "status": ("state",),
}


def names_of(dependant: Dependant) -> frozenset[str]:
    """The query parameters that a route takes, those of its dependencies too."""
    return frozenset(_names(dependant))


def _names(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        kind: Any = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (field.alias or name for name, field in kind.model_fields.items())
        else:
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _names(inner)


def refuse_unknown(request: Request, known: Iterable[str]) -> None:
    """Errors: ``InvalidInput`` that names what the route does not have, what is meant, and what it has."""
    known = sorted(known)
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if not unknown:
        return
    names = ", ".join(repr(name[:60]) for name in unknown[:5])
    meant = [near for name in unknown[:5] for near in near_misses(name, known)]
    hint = f"Did you mean {' or '.join(dict.fromkeys(meant))}? " if meant else ""
    takes = f"It takes {', '.join(known)}." if known else "It takes none."
    raise InvalidInput(
        f"There is no parameter {names} at {request.scope['route'].path}.", next_step=hint + takes
    )


def near_misses(name: str, known: Iterable[str]) -> list[str]:
    """Of ``known`` what ``name`` may be meant for, the nearest first."""
    plain = {_plain(one): one for one in known}
    close = [plain[one] for one in difflib.get_close_matches(_plain(name), plain, n=2)]
    return close or [one for one in _ELSEWHERE.get(_plain(name), ()) if one in plain.values()][:1]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())
