"""The table of licences, ``licences.toml``: what each is called, and what its text allows and asks for."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from dataferry.core.types import View

Permission = Literal["allowed", "not_mentioned", "conditions", "unknown", "forbidden"]
Duty = Literal["not_required", "unknown", "required"]
#: Of both, the strictest last.
_STRICTNESS = ("allowed", "not_required", "not_mentioned", "conditions", "unknown", "required", "forbidden")


class LicenceTerms(View):
    """What a licence's text allows and asks for. From ``unknown`` nothing may be concluded."""

    commercial: Permission = "unknown"
    #: To give copies to others.
    sharing: Permission = "unknown"
    #: To give changed versions to others.
    changing: Permission = "unknown"
    #: Of models.
    training: Permission = "unknown"
    attribution: Duty = "unknown"
    share_alike: Duty = "unknown"


#: Of what is allowed, and of what is asked for.
PERMISSIONS = ("commercial", "sharing", "changing", "training")
DUTIES = ("attribution", "share_alike")
UNKNOWN_TERMS = LicenceTerms()
_FIELDS = (*PERMISSIONS, *DUTIES)


@dataclass(frozen=True, slots=True)
class Licence:
    """An entry of the table."""

    id: str
    name: str
    title: str
    terms: LicenceTerms
    family: str
    versions: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    spdx: bool = True
    made_for: str = "works"
    text: str | None = None
    clauses: str = ""
    note: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """With each version; the SPDX ids where ``spdx``."""
        return tuple(f"{self.id}-{version}" for version in self.versions) or (self.id,)


@cache
def table() -> tuple[Licence, ...]:
    """All entries, in the order of the file. Errors: ``ValueError`` for one that makes no sense."""
    text = files("dataferry.sources").joinpath("licences.toml").read_text(encoding="utf-8")
    return tuple(_entry(**fields) for fields in tomllib.loads(text)["licence"])


def _entry(
    id: str,
    name: str,
    title: str,
    *,
    versions: Sequence[str] = (),
    also: Sequence[str] = (),
    family: str | None = None,
    **fields: Any,
) -> Licence:
    told = {field: fields.pop(field) for field in PERMISSIONS if field in fields}
    asked = {field: fields.pop(field) for field in DUTIES if field in fields}
    told |= {field: "required" if asks else "not_required" for field, asks in asked.items()}
    unknown = set(fields) - {"spdx", "made_for", "text", "clauses", "note"}
    if unknown or "unknown" in told.values():
        raise ValueError(f"the licence {id!r} has {sorted(unknown) or 'an unknown'}: leave it out")
    terms = LicenceTerms.model_validate(told)
    return Licence(id, name, title, terms, family or id.lower(), tuple(versions), tuple(also), **fields)


def strictest(several: Iterable[LicenceTerms]) -> LicenceTerms:
    """What all of them allow, and what any of them asks for."""
    every = list(several)
    return LicenceTerms.model_validate(
        {name: max((getattr(one, name) for one in every), key=_STRICTNESS.index) for name in _FIELDS}
    )


def mildest(several: Iterable[LicenceTerms]) -> LicenceTerms:
    """The one of them that allows the most. Commercial use weighs most."""
    return min(several, key=strictness)


def strictness(terms: LicenceTerms) -> tuple[int, ...]:
    """Less for terms that allow more, to be compared. Commercial use weighs most."""
    return tuple(_STRICTNESS.index(getattr(terms, name)) for name in _FIELDS)
