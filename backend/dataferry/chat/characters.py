"""Characters: what is folded away before words are compared, and what divides a text into words."""

import re
import unicodedata
from functools import cache

HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
KANA = "\u3040-\u30ff"
_ELIDED = r"(?:l|d|j|qu|n|s|t|m|c|lorsqu|puisqu|jusqu)'(?=[^\W_])"
#: Stands for a ref, an address or an id that was taken out of the text.
REF_MARK = "\ue000"
TOKEN = re.compile(
    rf"(?P<ref>{REF_MARK})|(?P<run>[{KANA}{HAN}]+)|(?P<word>{_ELIDED}|[^\W_{KANA}{HAN}]+(?:'[^\W_{KANA}{HAN}]+)*\+*)"
    r"|(?P<mark>[.,;:!?\u3002\u3001\u060c\u061b\u061f\u00bf\u00a1\n()\"\u201c\u201d\u201e|])",
    re.IGNORECASE,
)
GLUE = re.compile(r"[-+.'/_&\u2010-\u2015]")


@cache
def _fold_character(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character.casefold())
    kept = [one for one in decomposed if not unicodedata.combining(one) or one in _KANA_MARKS]
    folded = unicodedata.normalize("NFC", "".join(kept))
    return folded if len(folded) == 1 else character


def normalized(text: str) -> str:
    """``text`` with full-width letters and digits, Arabic digits and typographic marks as plain ones."""
    text = _VOWEL_SIGNS.sub("", unicodedata.normalize("NFKC", text)).translate(_PLAIN)
    return "".join(str(unicodedata.digit(c)) if not c.isascii() and c.isdecimal() else c for c in text)


ACCENTED = re.compile(r"[\u00c0-\u024f]")
#: What tells か from が.
_KANA_MARKS = "\u3099\u309a"
#: Of Arabic, which are seldom written.
_VOWEL_SIGNS = re.compile("[\u0640\u064b-\u0652\u0670]")
_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "ß": "ss", "؟": "?", "،": ",", "؛": ";", "、": ",", "。": ".", "「": '"', "」": '"'}
)


def fold(text: str) -> str:
    """Lower case, without accents, as long as before."""
    return "".join(map(_fold_character, text))
