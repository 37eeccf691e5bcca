"""Licences: what hubs call them, read by one table, and what their texts allow.

The table is ``licences.toml``. A wrong reading could cost somebody a lawsuit, so nothing is guessed: a name
that the table does not have keeps its words and allows nothing that is known; several names allow what all of
them allow, unless the source says that one may be chosen; a word beside a known name makes it an unknown one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import urlsplit

from dataferry.sources.licence_table import (
    UNKNOWN_TERMS,
    Licence,
    LicenceTerms,
    Permission,
    mildest,
    strictest,
    table,
)
from dataferry.sources.metadata import one_line

#: Characters of a licence's name; hubs' longest are half of it.
NAME_CHARS = 200
#: Licences of one dataset that are read; more are unknown together.
_MAX_SEVERAL = 8
OTHER = "other"
#: What lets data be used commercially.
COMMERCIAL: tuple[Permission, ...] = ("allowed", "conditions")

_NOT_STATED = frozenset(
    ("", "unknown", "unspecified", "not-specified", "none", "n-a", "na", "null", "no", "no-licence-stated")
)
_DROPPED = frozenset(
    {"licence", "license", "licensed", "licences", "licenses", "the", "version"}
    | {"international", "unported", "generic", "deed", "intl"}
)
#: Ways to write the same, as normalised names have them.
_SPELLINGS = tuple(
    (re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])"), plain)
    for pattern, plain in (
        ("creative-commons", "cc"),
        ("non-commercial", "noncommercial"),
        ("share-alike", "sharealike"),
        ("no-derivatives|noderivs|no-derivs|noderivative|noderivatives", "noderivatives"),
        ("u-s", "us"),
    )
)
#: A word in any script, with the version behind it; and marks of doubt.
_TOKENS = re.compile(r"[^\W_]+(?:\.\d+)*[^\W_]*\+*|[?!*~]")
_VERSION = re.compile(
    r"^(?P<name>.*?)-?(?:v-?)?(?P<version>\d+(?:\.\d+)*)(?P<kind>-igo|-only|-or-later|\+)?(?:-public)?$"
)
_INSIDE_BRACKETS = re.compile(r"^([^()]*)\(([^()]*)\)$")
_OPERATORS = re.compile(r"(\(|\)|\s+OR\s+|\s+AND\s+)")
#: Between names without saying whether both hold or one may be chosen.
_SEPARATORS = re.compile(r"\s*[,;/|]\s*|\s+(?:and|&|plus)\s+", re.IGNORECASE)
_CHOICE = re.compile(r"\s+or\s+", re.IGNORECASE)
#: Hosts whose addresses end with the licence's id.
_ID_HOSTS = ("spdx.org", "opensource.org", "gnu.org", "choosealicense.com")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the name of a licence, or of several, says.

    ``id``: the SPDX id or expression where there is one, else a short plain name; it reads the same again.
    ``parts``: the single licences. ``choice``: one of them may be chosen; else all of them hold, or the
    source does not say which for what.
    """

    id: str
    name: str
    terms: LicenceTerms
    licence: Licence | None = None
    version: str | None = None
    parts: tuple["Reading", ...] = ()
    choice: bool = False

    @property
    def spdx_id(self) -> str | None:
        if self.parts:
            return self.id if "," not in self.id and all(part.spdx_id for part in self.parts) else None
        known = self.licence is not None and self.licence.spdx and self.id in self.licence.ids
        return self.id if known else None

    @property
    def family(self) -> str | None:
        """``cc-by-sa`` for "CC BY-SA 4.0"; None for several licences, and where the name tells nothing."""
        if self.parts or self.id == OTHER:
            return None
        if self.licence is not None:
            return self.licence.family
        return re.sub(r"[^a-z0-9.]+", "-", self.id.lower()).strip("-") or None

    @property
    def number(self) -> str | None:
        """The number of the version: ``3.0`` for "CC BY 3.0 IGO" too."""
        return self.version.partition("-")[0] if self.version else None

    @property
    def singles(self) -> tuple["Reading", ...]:
        """The single licences, also of an expression in brackets."""
        return tuple(one for part in self.parts for one in part.singles) or (self,)

    @property
    def url(self) -> str | None:
        """Where the text of a single known licence is."""
        if self.licence is None or self.licence.text is None:
            return None
        version = self.version or (self.licence.versions[-1] if self.licence.versions else "")
        number, _, kind = version.partition("-")
        path = f"{number}/igo" if kind == "IGO" else number
        return self.licence.text.replace("{version}", path)

    @property
    def note(self) -> str | None:
        return self.licence.note if self.licence is not None else None


def read_licence(name: str | None) -> Reading | None:
    """What a source calls a dataset's licence; None where it states none.

    A name that is not in the table is read as itself, with terms that are not known.
    """
    return _read_stated((name or "")[: NAME_CHARS * 8])


def license_name(name: str | None) -> str | None:
    """The name under which a licence is kept and shown: ``Reading.id``."""
    reading = read_licence(name)
    return reading.id if reading is not None else None


def license_family(name: str | None) -> str | None:
    """``Reading.family``."""
    reading = read_licence(name)
    return reading.family if reading is not None else None


def license_version(name: str | None) -> str | None:
    """``Reading.number``."""
    reading = read_licence(name)
    return reading.number if reading is not None else None


def is_creative_commons(family: str) -> bool:
    return family == "cc" or family.startswith(("cc-by", "cc0"))


def is_license_name(name: str) -> bool:
    """Whether a hub may have a licence of that name; ``unknown`` and ``other`` are none."""
    return license_family(name) in {licence.family for licence in table()} - {OTHER}


def license_matches(wanted: str, name: str | None) -> bool:
    """Same family, and the same version where both sides name one. Of several licences all, or one of those
    of which one may be chosen."""
    asked, stated = read_licence(wanted), read_licence(name)
    return asked is not None and stated is not None and _matches(asked, stated)


def _matches(asked: Reading, stated: Reading) -> bool:
    if stated.parts:
        matching = (_matches(asked, part) for part in stated.parts)
        return any(matching) if stated.choice else all(matching)
    if asked.family is None or stated.family is None:
        return False
    if asked.family == "cc":
        return is_creative_commons(stated.family)
    return asked.family == stated.family and len({asked.number, stated.number} - {None}) < 2


def commercial_use(name: str | None) -> Permission:
    """Whether what a licence's name stands for may be used commercially; ``unknown`` where none is stated."""
    reading = read_licence(name)
    return reading.terms.commercial if reading is not None else UNKNOWN_TERMS.commercial


@cache
def commercial_families() -> tuple[str, ...]:
    """The families of licences of which one at least allows commercial use."""
    return tuple(
        dict.fromkeys(licence.family for licence in table() if licence.terms.commercial in COMMERCIAL)
    )


def join_names(names: Iterable[str | None]) -> str | None:
    """One name for several licences of which the source does not say which holds for what."""
    stated = dict.fromkeys(filter(None, map(license_name, names)))
    return ", ".join(stated) or None


# -- one name ------------------------------------------------------------------------------------------


def _key(text: str) -> str:
    """A name without case, punctuation and words that make no difference."""
    tokens = _TOKENS.findall(text.lower())
    key = "-".join(token for token in tokens if token not in _DROPPED)
    for pattern, spelling in _SPELLINGS:
        key = pattern.sub(spelling, key)
    return key


@cache
def _by_key() -> dict[str, tuple[Licence, str | None]]:
    """Entries by their names and their ids, with the version that the name has."""
    found: dict[str, tuple[Licence, str | None]] = {}

    def put(name: str, licence: Licence, version: str | None) -> None:
        known = found.setdefault(_key(name), (licence, version))
        if known != (licence, version):
            raise ValueError(f"{name!r} names both {known[0].id!r} and {licence.id!r}")

    for licence in table():
        only = licence.versions[0] if len(licence.versions) == 1 else None
        for name in (licence.id, licence.name, *licence.also):
            put(name, licence, only)
        for version in licence.versions:
            put(f"{licence.id}-{version}", licence, version)
    return found


@cache
def _by_address() -> list[tuple[str, Licence, str | None]]:
    """The addresses of texts that are of one licence alone, the longest first."""
    found: dict[str, tuple[Licence, str | None]] = {}
    shared: set[str] = set()
    for licence in table():
        for version in licence.versions or (None,):
            url = Reading(licence.id, licence.name, licence.terms, licence, version).url
            address = _address(url) if url else ""
            if address in found:
                shared.add(address)
            found[address] = (licence, version)
    alone = (one for one in found.items() if one[0] and one[0] not in shared)
    return sorted(((address, *of) for address, of in alone), key=lambda one: -len(one[0]))


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path}".rstrip("/").lower()


@lru_cache(maxsize=1024)
def _read_stated(name: str) -> Reading | None:
    return _read(one_line(name, NAME_CHARS))


@lru_cache(maxsize=1024)
def _read(text: str) -> Reading | None:
    if _key(text) in _NOT_STATED:
        return None
    single = _read_single(text)
    if single is not None:
        return single
    several = _read_expression(text) or _read_list(text)
    return several or Reading(text, text, UNKNOWN_TERMS)


def _read_single(text: str) -> Reading | None:
    """One licence of the table; None for anything else."""
    if re.match(r"(?:https?:)?//", text, re.IGNORECASE):
        return _read_address(text)
    key = _key(text)
    if key in _by_key():
        return _known(*_by_key()[key])
    if (found := _by_version(key)) is not None:
        return found
    if match := _INSIDE_BRACKETS.match(text):
        outside, inside = (_read_single(part.strip()) for part in match.groups())
        # "Attribution 4.0 International (CC BY 4.0)". Another word in brackets may be a condition.
        if outside is not None and inside is not None and outside.licence == inside.licence:
            versions = {outside.version, inside.version} - {None}
            if len(versions) < 2:
                return outside if outside.version else inside
    return None


def _by_version(key: str) -> Reading | None:
    match = _VERSION.match(key)
    entry = _by_key().get(match["name"]) if match else None
    if match is None or entry is None:
        return None
    licence, number = entry[0], match["version"]
    kind = {None: "", "+": "-or-later", "-igo": "-IGO"}.get(match["kind"], match["kind"])
    plain = number if "." in number else f"{number}.0"
    version = plain + (kind or "")
    return _known(licence, version) if version in licence.versions else None


def _known(licence: Licence, version: str | None) -> Reading:
    """People see ids in lists and receipts: what has none at SPDX has its name there."""
    if version is None:
        plain = licence.id if licence.spdx or licence.id == OTHER else licence.name
        return Reading(plain, licence.name, licence.terms, licence)
    shown = version.replace("-IGO", " IGO").replace("-or-later", " or later").replace("-only", " only")
    name = f"{licence.name} {shown}"
    plain = f"{licence.id}-{version}" if licence.spdx else name
    return Reading(plain, name, licence.terms, licence, version)


def _read_address(url: str) -> Reading | None:
    address = _address(url if ":" in url.split("//")[0] else f"https:{url}")
    for known, licence, version in _by_address():
        if address == known or address.startswith(f"{known}/"):
            return _known(licence, version)
    host, _, path = address.partition("/")
    if host in _ID_HOSTS:
        name = path.rsplit("/", 1)[-1].removesuffix(".html").removesuffix(".en")
        return _read_single(name) if name else None
    return None


# -- several names -------------------------------------------------------------------------------------


def _read_expression(text: str) -> Reading | None:
    """An SPDX expression of known licences. ``AND`` binds closer than ``OR``."""
    pieces = [piece.strip() for piece in _OPERATORS.split(text) if piece.strip()]
    if not {"AND", "OR"} & set(pieces) or len(pieces) > 4 * _MAX_SEVERAL:
        return None
    left = iter([*pieces, ""])
    try:
        reading, following = _alternatives(left, next(left))
    except (LookupError, StopIteration, RecursionError):
        return None
    return reading if following == "" else None


def _alternatives(pieces: Iterator[str], piece: str) -> tuple[Reading, str]:
    parts, following = _conjunctions(pieces, piece)
    branches = [parts]
    while following == "OR":
        parts, following = _conjunctions(pieces, next(pieces))
        branches.append(parts)
    return (_together(branches, " OR ") if len(branches) > 1 else parts), following


def _conjunctions(pieces: Iterator[str], piece: str) -> tuple[Reading, str]:
    parts = [_operand(pieces, piece)]
    following = next(pieces)
    while following == "AND":
        parts.append(_operand(pieces, next(pieces)))
        following = next(pieces)
    return (_together(parts, " AND ") if len(parts) > 1 else parts[0]), following


def _operand(pieces: Iterator[str], piece: str) -> Reading:
    """Errors: ``LookupError`` for what is no known licence."""
    if piece == "(":
        reading, following = _alternatives(pieces, next(pieces))
        if following != ")":
            raise LookupError(following)
        return reading
    single = _read_single(piece)
    if single is None:
        raise LookupError(piece)
    return single


def _read_list(text: str) -> Reading | None:
    """Names beside each other, all of which are known."""
    for separator, joint in ((_SEPARATORS, ", "), (_CHOICE, " OR ")):
        names = [name for name in separator.split(text) if name]
        readings = [_read_single(name) for name in names[: _MAX_SEVERAL + 1]]
        known = [reading for reading in readings if reading is not None]
        if 2 <= len(names) == len(known) <= _MAX_SEVERAL:
            return _together(known, joint)
    return None


def _together(parts: Sequence[Reading], joint: str) -> Reading:
    choice = joint == " OR "
    terms = (mildest if choice else strictest)(part.terms for part in parts)

    def shown(part: Reading) -> str:
        return f"({part.id})" if part.parts and part.choice and not choice else part.id

    words = {" OR ": " or ", " AND ": " and ", ", ": ", "}[joint]
    return Reading(
        joint.join(map(shown, parts)),
        words.join(part.name for part in parts),
        terms,
        parts=tuple(parts),
        choice=choice,
    )
