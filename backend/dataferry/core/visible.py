"""Characters that nobody sees, made visible: what controls a terminal, turns text round or hides in it.

Text of hubs, files, names and models passes through here before it is shown or told to a model. The page
does the same in ``frontend/src/ui/visible.ts``; ``tests/data/hidden_characters.json`` holds both to one
rule (ADR 0035): a hidden character becomes a mark, ``[U+202E]``, unless it is one that a script or an
emoji needs where it stands.
"""

import re
from collections.abc import Callable
from functools import cache

#: Controls but tab and the ends of lines; fillers and joiners; marks, embeddings, overrides and isolates of
#: direction; variation selectors; the byte order mark; halves of surrogate pairs; tags.
_HIDDEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
#: Scripts whose letters join, or stack: Hebrew to Myanmar, Khmer, Mongolian and those of India and its
#: neighbours, without the Arabic letter mark.
_JOINING = (
    "\u0590-\u061b\u061d-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\u1900-\u1cff\ua800-\uabff\ufb1d-\ufdff"
    "\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
#: Thai, Lao, Tibetan, Myanmar, Khmer, New Tai Lue, Tai Tham: no spaces between words.
_UNSPACED = "\u0e00-\u109f\u1780-\u17b3\u17b6-\u17ff\u1950-\u19ff\u1a20-\u1aaf"
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_EMOJI = (
    "\xa9\xae\u203c\u2049\u2100-\u214f\u2190-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030"
    "\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_IDEOGRAPHS = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
#: What else has standardized variants: a slashed zero, operators, Myanmar, Phags-pa, wide punctuation.
_VARIED = "0\u1000-\u109f\u2200-\u22ff\u2a00-\u2aff\u3001-\u3003\ua840-\ua877\uaa60-\uaa7f\uff00-\uff60"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_DIRECTION_MARKS = "\u200e\u200f\u061c"
#: England, Scotland, Wales: no other flag is written with tags (https://unicode.org/reports/tr51/#valid-emoji-tag-sequences).
_FLAGS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls")
)

_LEGITIMATE = (
    # Parts of one emoji, its look, a keycap, a flag.
    f"(?<=[{_EMOJI}])\ufe0f?\u200d(?=[{_EMOJI}])",
    f"(?<=[{_EMOJI}])[\ufe0e\ufe0f](?![{_SELECTORS}])",
    "(?<=[0-9#*])\ufe0f(?=\u20e3)",
    f"(?<=\U0001f3f4)(?:{_FLAGS})\U000e007f",
    # A joiner beside a letter that joins: Persian, Hindi, Malayalam, Sinhala … Some type it twice.
    f"(?<=[{_JOINING}])(?:\u200c{{1,2}}|\u200d{{1,2}})(?![\u200c\u200d])",
    f"(?<![\u200c\u200d])(?:\u200c|\u200d)(?=[{_JOINING}])",
    f"(?<=[{_UNSPACED}])\u200b(?!\u200b)|(?<!\u200b)\u200b(?=[{_UNSPACED}])",
    # The look of an ideograph, and of the few other characters that have several.
    f"(?<=[{_IDEOGRAPHS}])[\ufe00-\ufe02\U000e0100-\U000e01ef](?![{_SELECTORS}])",
    f"(?<=[{_VARIED}])[\ufe00-\ufe02](?![{_SELECTORS}])",
    "(?<=[\u1820-\u18aa])[\u180b-\u180f](?![\u180b-\u180f])",
    # Inside words: where German breaks them, in old Hangul, between marks, in pictures made of Braille.
    r"(?<=[^\W\d_])\xad(?=[^\W\d_])",
    "\u115f(?=[\u1161-\u11a7])|(?<=[\u1100-\u115e])\u1160",
    "(?<=[\u0300-\u036f\u0590-\u05ff])\u034f(?!\u034f)",
    "(?<=[\u2801-\u28ff])\u2800+|\u2800+(?=[\u2801-\u28ff])",
)
_HIDDEN_ANYWHERE = re.compile(f"[{_HIDDEN}]")
_ANY_SELECTOR = re.compile(f"[{_SELECTORS}]")

Mark = Callable[[str], str]


def mark(hidden: str) -> str:
    """``[U+200B]``, ``[U+200B ×3]``, ``[24 hidden characters]`` for a run of hidden characters."""
    if len(set(hidden)) > 1:
        return f"[{len(hidden)} hidden characters]"
    times = f" ×{len(hidden)}" if len(hidden) > 1 else ""
    return f"[U+{ord(hidden[0]):04X}{times}]"


def visible(text: str, mark: Mark = mark) -> str:
    """``text`` with a mark for each run of hidden characters. Those that a script or an emoji needs where
    they stand are kept; a line or paragraph separator becomes the end of a line."""
    if _HIDDEN_ANYWHERE.search(text) is None:
        return text
    right_to_left = _RIGHT_TO_LEFT.search(text) is not None

    def shown(found: re.Match[str]) -> str:
        if found["legitimate"] or (found["direction"] and right_to_left):
            return found.group()
        return "\n" if found["break"] else mark(found.group())

    return _found().sub(shown, text)


@cache
def _found() -> re.Pattern[str]:
    """Every run of hidden characters, and which of them are kept. Compiled for the first of them: it takes
    longer than the rest of this module's import."""
    return re.compile(
        f"(?P<legitimate>{'|'.join(_LEGITIMATE)})"
        f"|(?P<direction>(?<![{_DIRECTION_MARKS}])[{_DIRECTION_MARKS}](?![{_DIRECTION_MARKS}]))"
        "|(?P<break>[\u2028\u2029])"
        f"|[{_HIDDEN}]+"
    )


def on_one_line(text: str) -> str:
    """``text`` as ``visible`` gives it, with marks for what would begin another line of a terminal."""
    return re.sub(r"[\r\n]+", lambda found: mark(found.group()), visible(text))


def for_model(text: str) -> str:
    """``text`` for a model, for which looks do not matter: no variation selector, since one behind every
    ideograph or emoji can spell out orders that no person sees."""
    return _ANY_SELECTOR.sub("", visible(text))
