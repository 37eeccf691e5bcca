"""What speaks for or against a hit whatever was asked: advertisements, what is no data, what is told.

The text of hits is their owners' own, and some of it is written to be found rather than to say what there is.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise

from dataferry.core.types import DatasetSummary
from dataferry.sources.language import stems
from dataferry.sources.relevance import HitText

#: What a hit's relevance counts where its text is of that kind.
PROMOTION, STUFFING, NO_DATA, EMPTY = 0.5, 0.5, 0.5, 0.7
#: The most that is added for what is told of a hit, and for a change lately; relevance is about 1.
COMPLETE, FRESH, FRESH_DAYS = 0.01, 0.01, 730

#: Wording that speaks to a customer. Data about shops, coupons and channels is described without.
_PROMOTION = re.compile(
    r"""(?: (?:^|[.!?]\ *|\bto\ )(?:buy|order|purchase)\b[^.!?]{0,40}\b(?:now|here|today|our|my|full|complete)
    | \b(?:in|visit|see|browse|check\ out)\ (?:our|my)\ (?:\w+\ )?(?:shop|store|site|website|blog|channel)
    | \b(?:full|complete|premium)\ (?:version|set|dataset|pack)\ (?:is\ )?(?:available|sold|for\ sale|in\ our)
    | \bbest\ (?:free\ )?(?:data\ ?set|collection) | \bultimate\ (?:data\ ?set|pack) | \bclick\ here
    | \b(?:subscribe|sign\ up)\ (?:to\ (?:my|our)|here|now) | \bfollow\ (?:me|us) | \bcontact\ sales
    | \b(?:promo|coupon|discount)\ code\ (?:is\b|:)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
#: Wording of what holds a model or code; a beehive's weights are data.
_NO_DATA = re.compile(
    r"""\b(?: (?:model|network|detector|classifier|pre-?trained|fine-?tuned)\ (?:\w+\ )?(?:weights|checkpoint)
    | (?:weights|checkpoints?)\ (?:of|for|from)\ (?:\w+\ ){0,3}(?:models?|networks?|detectors?|classifiers?)
    | (?:pre-?trained|fine-?tuned)\ (?:\w+\ ){0,2}(?:models?|networks?)\ (?:for|to|on)
    | (?:starter|tutorial|training)\ notebooks? | notebooks?\ only | (?:code|scripts?)\ only
    | no\ (?:images|data|files|recordings)\b(?=\W*$|\ (?:included|inside|in\ here))
    )""",
    re.IGNORECASE | re.VERBOSE,
)
#: Of whatever the expressions above find one word is among these: most texts have none and are done.
_CUES = """
our my shop today now here complete full premium best ultimate follow contact code weights checkpoint
checkpoints trained pretrained tuned finetuned notebook notebooks script scripts no
"""
_ABOUT_MODELS = frozenset(["model", "checkpoint", "weight", "notebook", "code", "script", "network"])
#: Two words that stand together so often, and make up such a share of the text, are there to be found.
_STUFFED_TIMES, _STUFFED_SHARE = 4, 0.25
#: Fewer bytes hold nothing that somebody looks for.
_EMPTY_BYTES = 1_000


def weaknesses(summary: DatasetSummary, text: HitText, asked: Collection[str]) -> dict[str, float]:
    """What speaks against a hit, in words, each with the factor by which its relevance counts.

    ``text``: its own. ``asked``: the stems of the query; who asks for models or code finds them.
    """
    return dict(_weaknesses(summary, text, asked))


def _weaknesses(
    summary: DatasetSummary, text: HitText, asked: Collection[str]
) -> Iterator[tuple[str, float]]:
    if not _cue_stems().isdisjoint(text.stems):
        told = f"{summary.title}. {summary.description}".casefold()
        if _PROMOTION.search(told):
            yield "reads like an advertisement", PROMOTION
        if _NO_DATA.search(told) and not _ABOUT_MODELS & set(asked):
            yield "a model or code rather than data", NO_DATA
    if _is_stuffed((*text.fields["title"], *text.fields["description"])):
        yield "repeats its keywords", STUFFING
    if summary.size_bytes is not None and summary.size_bytes < _EMPTY_BYTES:
        yield "nearly empty", EMPTY


@cache
def _cue_stems() -> frozenset[str]:
    return frozenset(stems(_CUES))


def _is_stuffed(told: Sequence[str]) -> bool:
    pairs = list(pairwise(told))
    # Counting takes longer than seeing that hardly a pair is there again, as in most texts.
    if len(pairs) - len(set(pairs)) < _STUFFED_TIMES - 1:
        return False
    times = max(Counter(pairs).values())
    return times >= _STUFFED_TIMES and 2 * times >= _STUFFED_SHARE * len(told)


def bonus(summary: DatasetSummary, now: datetime | None = None) -> float:
    """A little more for a hit whose licence, size and description are told, and for one changed lately:
    it decides between hits that fit alike."""
    told = (summary.license is not None, summary.size_bytes is not None, bool(summary.description))
    fresh = 0.0
    if summary.updated_at is not None:
        age_days = ((now or datetime.now(UTC)) - summary.updated_at).days
        fresh = min(1.0, max(0.0, 1 - age_days / FRESH_DAYS))
    return COMPLETE * sum(told) / len(told) + FRESH * fresh
