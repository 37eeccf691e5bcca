"""What people are shown of a dataset's licence."""

from typing import Any, Literal

from dataferry.core.types import View
from dataferry.sources.licence_table import DUTIES, PERMISSIONS, UNKNOWN_TERMS, Duty, LicenceTerms, Permission
from dataferry.sources.licences import Reading, read_licence

NONE_STATED = "no licence stated"
CAUTION = "This is what the licence's text says, as far as it is known here. It is not legal advice."

Topic = Literal["commercial", "sharing", "changing", "training", "attribution", "share_alike"]
_LABELS: dict[str, str] = {
    "commercial": "Commercial use",
    "sharing": "Sharing copies",
    "changing": "Sharing changed versions",
    "training": "Training models",
    "attribution": "Naming the authors",
    "share_alike": "Sharing on the same terms",
}
_VERDICTS: dict[str, str] = {
    "allowed": "the text allows it",
    "forbidden": "the text does not allow it",
    "conditions": "only on conditions",
    "not_mentioned": "not mentioned in the text",
    "required": "required",
    "not_required": "not required",
    "unknown": "not known",
}
_SHORT_COMMERCIAL = {
    "allowed": "commercial use allowed",
    "conditions": "commercial use on conditions",
    "forbidden": "no commercial use",
    "unknown": "commercial use not known",
}
_NOT_FOR_DATA = {
    "software": "It is written for software, and says nothing of data.",
    "fonts": "It is written for fonts, and says nothing of data.",
}


class LicenceSummary(View):
    """A licence in one line: ``name`` · ``short``.

    ``spdx_id``: an SPDX id or expression, None where there is none. ``url``: its text, else where the
    publisher says more. ``commercial``: whether the text allows such use. ``stated``: the source names one.
    """

    name: str
    spdx_id: str | None
    url: str | None
    short: str
    commercial: Permission
    stated: bool


class LicenceTerm(View):
    """What a licence says on one topic: its ``label`` and the ``verdict`` in plain ``words``."""

    topic: Topic
    label: str
    verdict: Permission | Duty
    words: str


class LicenceVerdict(LicenceSummary):
    """All of it. ``known``: the table has its text, else every verdict is ``unknown``."""

    known: bool
    terms: tuple[LicenceTerm, ...]
    notes: tuple[str, ...]
    caution: str = CAUTION


def licence_summary(license: str | None, link: str | None = None) -> LicenceSummary:
    """``link``: where the publisher says more of the licence, or of the dataset."""
    reading = read_licence(license)
    return LicenceSummary(**_summary(reading, link))


def licence_verdict(license: str | None, link: str | None = None) -> LicenceVerdict:
    """As ``licence_summary``, with all that is known of the text."""
    reading = read_licence(license)
    terms = _terms(reading)
    told = terms.model_dump()
    return LicenceVerdict(
        **_summary(reading, link),
        known=reading is not None and terms != UNKNOWN_TERMS,
        terms=tuple(
            LicenceTerm(topic=topic, label=_LABELS[topic], verdict=told[topic], words=_VERDICTS[told[topic]])
            for topic in (*PERMISSIONS, *DUTIES)
        ),
        notes=tuple(_notes(reading)),
    )


def _terms(reading: Reading | None) -> LicenceTerms:
    return UNKNOWN_TERMS if reading is None else reading.terms


def _summary(reading: Reading | None, link: str | None) -> "dict[str, Any]":
    terms = _terms(reading)
    return {
        "name": NONE_STATED if reading is None else reading.name,
        "spdx_id": None if reading is None else reading.spdx_id,
        "url": (reading.url if reading is not None else None) or link,
        "short": _short(reading, terms),
        "commercial": terms.commercial,
        "stated": reading is not None,
    }


def _short(reading: Reading | None, terms: LicenceTerms) -> str:
    """What weighs most, in a few words."""
    if reading is None:
        return "ask the publisher before you use it"
    if terms == UNKNOWN_TERMS:
        return "what it allows is not known"
    words = _SHORT_COMMERCIAL.get(terms.commercial, "commercial use not mentioned")
    if terms.changing == "forbidden" and terms.commercial != "forbidden":
        return f"{words}, no derivatives"
    return words


def _notes(reading: Reading | None) -> list[str]:
    if reading is None:
        return ["Without a licence, what the law does not allow by itself needs the publisher's permission."]
    if reading.licence is None and not reading.parts:
        return ["Nobody has entered this licence's text here yet: read it before you use the data."]
    notes = []
    if reading.parts and reading.choice:
        notes.append("One of them may be chosen: what is shown holds for the one that allows the most.")
    elif reading.parts:
        notes.append("There are several: what is shown is what all of them allow.")
    for one in dict.fromkeys(reading.singles):
        told = [one.note, _NOT_FOR_DATA.get(one.licence.made_for if one.licence else "")]
        notes += [f"{one.name}: {note}" if reading.parts else note for note in told if note]
    return notes
