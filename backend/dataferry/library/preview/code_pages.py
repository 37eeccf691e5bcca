"""Which code page a text is in that is not Unicode: the one in which it reads most like writing.

Detectors for web pages go by the statistics of running text, and a table has a few names in it. Here each
code page is tried, and what is decoded is judged letter by letter: is it one that people of that code page
write, and does it stand where such letters stand?
"""

from collections.abc import Callable

_SAMPLE_BYTES = 1 << 13
_WESTERN = frozenset("éèêëàâäáãåæçíìîïñóòôöõøúùûüßœÉÈÀÂÄÁÃÅÆÇÍÎÑÓÔÖÕØÚÛÜŒªº")
_CENTRAL = frozenset("ěščřžýáíéúůťďňľĺŕąęłńóśżźćőűăâîşţđäöüßëĚŠČŘŽÝÁÍÉÚŮŤĎŇĽĄĘŁŃÓŚŻŹĆŐŰĂÂÎŞŢĐÄÖÜ")
_TURKISH = frozenset("ğışöüçâîûĞİŞÖÜÇ")
_MARKS = frozenset("“”„‘’‚–—…\u00a0")
_SIGNS = frozenset("€£§°©®™«»¡¿·½¼²³µ±×•†")
_CYRILLIC = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюёієїОЕАИНТСРВЛКМДПУЯЫЬГЗБЧЙХЖШЮЁІЄЇ")
#: What a letter is worth that the code page has and its people do not write.
_RARE = 0.2
_SIGN = 0.95
_RARE_CYRILLIC = 0.8
#: What is taken from pages of DOS and old Macs: few tables are written in them today.
_OLD = 0.1


def guess_code_page(data: bytes) -> str:
    """Python's name of the likeliest code page; cp1252 where nothing speaks for another."""
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    sample = b"\n".join(lines)
    # Cut between lines, where no character is torn.
    sample = sample[:_SAMPLE_BYTES].rpartition(b"\n")[0] if len(sample) > _SAMPLE_BYTES else sample
    best, best_score = "cp1252", float("-inf")
    for encoding, common in _CODE_PAGES:
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        score = _score(text, common) - (_OLD if encoding in _OLD_PAGES else 0.0)
        if score > best_score + 1e-9:
            best, best_score = encoding, score
    return best


def _score(text: str, common: Callable[[str], float]) -> float:
    """The mean worth of the characters beyond ASCII, at most 1."""
    total, count = 0.0, 0
    for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if character < "\x80":
            continue
        count += 1
        if character.isalpha():
            total += common(character)
            # cp1251 read as KOI8-R is letters too, of the other case.
            total -= 0.5 * (character.isupper() and before.islower())
            # Scripts are not mixed within a word.
            latin = character in _WESTERN or character in _CENTRAL or character in _TURKISH
            total -= 0.5 * (not latin and _ascii_letter(before)) + 0.5 * (not latin and _ascii_letter(after))
            # Accents are spread over a word: a run of them is another script.
            total -= 0.4 * (latin and _foreign_letter(before))
            # Letters of a word; a sign stands before or after figures.
            total -= 0.3 * (before.isdigit() or after.isdigit())
        elif character in _MARKS:
            total += 1 if _stands_well(character, before, after) else -1
        elif before.isalpha() and after.isalpha():
            total -= 1
        elif character in _SIGNS:
            total += _RARE if _foreign_letter(before) or _foreign_letter(after) else _SIGN
        elif not character.isprintable():
            total -= 1
    return total / count if count else 0.0


def _stands_well(mark: str, before: str, after: str) -> bool:
    """Whether a mark stands where it does in writing: a quote at the edge of a word, for example."""
    if mark in "“„‘":
        return not before.isalnum()
    return mark != "”" or not after.isalnum()


def _ascii_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _foreign_letter(character: str) -> bool:
    return character > "\x7f" and character.isalpha()


def _letters(letters: frozenset[str]) -> Callable[[str], float]:
    return lambda character: 1.0 if character in letters else _RARE


def _between(first: str, last: str, worth: float = 1.0) -> Callable[[str], float]:
    return lambda character: worth if first <= character <= last else _RARE


def _cyrillic(character: str) -> float:
    if character in _CYRILLIC:
        return 1.0
    return _RARE_CYRILLIC if "\u0410" <= character <= "\u044f" else _RARE


def _in_rows(
    encoding: str, first: int, last: int, worth: float, kana: bool = False
) -> Callable[[str], float]:
    """Of a double-byte set, the characters in common use stand in these rows (lead bytes)."""

    def common(character: str) -> float:
        if kana and "\u3041" <= character <= "\u30fe":
            return 1.0
        try:
            row = character.encode(encoding)
        except UnicodeEncodeError:
            return -_RARE
        return worth if len(row) == 2 and first <= row[0] <= last else -_RARE

    return common


#: In the order of how often they are met; a tie goes to the earlier.
_CODE_PAGES: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("cp1252", _letters(_WESTERN)),
    ("latin-1", _letters(_WESTERN)),
    ("cp1250", _letters(_CENTRAL)),
    ("cp1254", _letters(_TURKISH | _WESTERN)),
    ("cp1251", _cyrillic),
    ("koi8-r", _cyrillic),
    ("cp866", _cyrillic),
    ("cp1253", _between("\u0386", "\u03ce")),
    ("cp1255", _between("\u05d0", "\u05ea")),
    ("cp1256", _between("\u0621", "\u064a")),
    ("cp932", _in_rows("shift_jis", 0x88, 0x97, 0.95, kana=True)),
    # Korean syllables fill fewer rows than Chinese characters, so a text within them is Korean.
    ("cp949", _in_rows("euc_kr", 0xB0, 0xC8, 0.97)),
    ("gb18030", _in_rows("gb2312", 0xB0, 0xD7, 0.95)),
    ("big5", _in_rows("big5", 0xA4, 0xC6, 0.95)),
    ("euc_jp", _in_rows("euc_jp", 0xB0, 0xCF, 0.94, kana=True)),
    ("cp850", _letters(_WESTERN)),
    ("mac_roman", _letters(_WESTERN)),
    ("cp852", _letters(_CENTRAL)),
)
_OLD_PAGES = frozenset({"cp850", "mac_roman", "cp852"})
