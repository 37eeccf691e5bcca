"""Names in other code pages than UTF-8: which one an archive's names are written in.

Neither zip nor tar says it. All names of one archive were written by one program, so that they are judged
together: for each code page the likelihood of the bytes is computed under a small model of the text that is
written in it, and the likeliest wins. The models know which characters are frequent in names, which letters
follow each other (upper and lower case, Latin beside Cyrillic), and what is never in a name (box drawings).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log

_ASCII = log(1 / 60)
#: Few zips separate folders with it; where it is the second byte of a letter, that reading is meant.
_BACKSLASH = -7.0
#: Letters of two scripts side by side.
_MIXED = -5.0
#: A character that names of this code page do not hold.
_ODD = log(1e-6)

_LATIN_LOWER = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšž"
_LATIN_FREQUENT = "éèêàçäöüßñáíóúåøæãâôîûë"
_CENTRAL_LOWER = "áâăäąçćčďđéęëěíîłľĺńňóôőöŕřśşšßťţúůűüýźżž"
_CENTRAL_FREQUENT = "áąčćęěéíłńóöőřśšťúůűüýżźžä"
_CYRILLIC_LOWER = "абвгдежзийклмнопрстуфхцчшщъыьэюяёєїўі"
#: Frequent in names of files; the first of each hundred pages of text, and words for data.
_CHINESE = (
    "的一是不了在人有我他这中大来上个国和为子到时要就出会可也你对生能得于下自之年过发后作里用道行所家"
    "种事成方多经去法学如都同现当动面起看定天分还进好小部主样理心本前开因从想实数据集文件测试训练图片"
    "表格新版模型目录说明书资料录名单号第期月日报告结果统计全部备份工程代码工具驱动程序安装电影音乐照片"
    "北京上海广州深圳市省区县站城地东西南北公司类标签样值量价格水温气电力"
)
_TAIWANESE = (
    "的一是不了在人有我他這中大來上個國和為子到時要就出會可也你對生能得於下自之年過發後作裡用道行所家"
    "種事成方多經去法學如都同現當動面起看定天分還進好小部主樣理心本前開因從想實數據集文件測試訓練圖片"
    "表格新版模型目錄說明書資料錄名單號第期月日報告結果統計全部備份工程代碼工具驅動程式安裝電影音樂照片"
    "臺北灣市縣區站城地東西南北公司類標籤樣值量價格水溫氣電力"
)
_JAPANESE = (
    "日本年月大人中一国会学生新資料写真動画音楽表画像文書説明名前版上下集使用曲田山東京定設第回報告"
    "ー・（）「」【】、。々"
)
_KOREAN = (
    "이다은는의에가을를하고사자기리지도시로대해그인아나정일제어수과서부보한파데터료표림명목문책"
    "전용트스마라오세원국주공계학상소구개발업성영조연진경신무비모물동생장안방간행실험결록새폴더"
)


Score = Callable[[str, bytes, str], float]
"""Log-likelihood of a character beyond ASCII, given its bytes and the two characters before it."""


@dataclass(frozen=True, slots=True)
class CodePage:
    """``codec`` as Python calls it; ``label`` as a person reads it."""

    codec: str
    label: str
    #: What is known of it before any name is seen, as a logarithm: in zips, and elsewhere.
    zip_prior: float
    prior: float
    score: Score
    #: Whether words of it hold plain Latin letters as well.
    beside_latin: bool = True

    def read(self, raw: bytes) -> str | None:
        """The text, or None if these bytes are none in this code page."""
        try:
            return raw.decode(self.codec)
        except UnicodeDecodeError:
            return None

    def likelihood(self, raw: bytes) -> float:
        text = self.read(raw)
        if text is None:
            return float("-inf")
        total, before = 0.0, ""
        for character in text:
            if character < "\x80":
                total += _BACKSLASH if character == "\\" else _ASCII
                if character.isalpha() and not self.beside_latin and _is_foreign_letter(before[-1:]):
                    total += _MIXED
            else:
                try:
                    total += self.score(character, character.encode(self.codec), before)
                except UnicodeEncodeError:  # a way to write it that no program takes
                    total += _ODD
            before = before[-1:] + character
        return total


def _is_foreign_letter(character: str) -> bool:
    return character.isalpha() and not character.isascii()


def _case(character: str, before: str) -> float:
    """How often a letter has this case after those before it: ``word``, ``Word`` and ``WORD``."""
    last = before[-1:]
    if not last.isalpha():
        return log(0.5)
    if last.islower():
        return log(0.97) if character.islower() else log(0.03)
    likely = 0.05 if len(before) == 2 and before[0].isupper() else 0.7
    return log(likely) if character.islower() else log(1 - likely)


def _alphabet(lower: str, frequent: str, *, latin: bool = True) -> Score:
    letters = frozenset(lower)
    common = frozenset(frequent)

    def score(character: str, _: bytes, before: str) -> float:
        small = character.lower()
        if small not in letters:
            return _ODD
        share = log(0.9 / len(common) if small in common else 0.1 / max(1, len(letters) - len(common)))
        last = before[-1:]
        # Latin accents stand among plain letters, seldom in a row; Cyrillic never stands beside Latin.
        if latin and _is_foreign_letter(last):
            share -= 1.5
        elif not latin and last.isalpha() and last.isascii():
            share += _MIXED
        return share + _case(character, before)

    return score


Zone = tuple[range, range, float]
"""Lead bytes, trail bytes, and the likelihood of each character of them."""


def _double_byte(
    frequent: str, zones: Iterable[Zone], single: float = 0.0
) -> Callable[[str, bytes, str], float]:
    common = frozenset(frequent)
    table = [(leads, trails, log(share)) for leads, trails, share in zones]

    def score(character: str, raw: bytes, before: str) -> float:
        # After a Latin letter it is rather a letter with an accent, and the next one.
        joined = -1.5 if before[-1:].isascii() and before[-1:].isalpha() else 0.0
        if character in common:
            return log(0.45 / len(common)) + joined
        if len(raw) == 1:
            return log(single) if single else _ODD
        if len(raw) == 2:
            for leads, trails, share in table:
                if raw[0] in leads and raw[1] in trails:
                    return share + joined
        return 2 * _ODD

    return score


_HIGH = range(0xA1, 0xFF)
_ANY = range(0x40, 0xFF)
_DOS_LATIN = _alphabet("àáâäåæçèéêëìíîïñòóôöùúûüÿß", _LATIN_FREQUENT)
_WESTERN = _alphabet(_LATIN_LOWER, _LATIN_FREQUENT)
_CENTRAL = _alphabet(_CENTRAL_LOWER, _CENTRAL_FREQUENT)
_CYRILLIC = _alphabet(_CYRILLIC_LOWER, _CYRILLIC_LOWER[:33], latin=False)
_CODE_PAGES = (
    CodePage("cp437", "code page 437 (DOS)", 0, -3, _DOS_LATIN),
    CodePage("cp850", "code page 850 (DOS, Western Europe)", -0.5, -3, _WESTERN),
    CodePage("cp1252", "Windows-1252 (Western Europe)", -1, 0, _WESTERN),
    CodePage("cp852", "code page 852 (DOS, Central Europe)", -1.5, -4, _CENTRAL),
    CodePage("cp1250", "Windows-1250 (Central Europe)", -2.5, -1.5, _CENTRAL),
    CodePage("cp866", "code page 866 (DOS, Cyrillic)", 0, -2, _CYRILLIC, beside_latin=False),
    CodePage("cp1251", "Windows-1251 (Cyrillic)", -1, 0, _CYRILLIC, beside_latin=False),
    CodePage("koi8-r", "KOI8-R (Cyrillic)", -6, -3, _CYRILLIC, beside_latin=False),
    CodePage(
        "gbk",
        "GBK (Chinese)",
        0,
        0,
        _double_byte(
            _CHINESE,
            [
                (range(0xB0, 0xD8), _HIGH, 0.47 / 3755),
                (range(0xD8, 0xF8), _HIGH, 0.03 / 3008),
                (range(0xA1, 0xA4), _HIGH, 0.04 / 282),
                (range(0x81, 0xFF), _ANY, 0.02 / 18_000),
            ],
        ),
    ),
    CodePage(
        "cp932",
        "Shift-JIS (Japanese)",
        0,
        0,
        _double_byte(
            _JAPANESE,
            [
                (range(0x82, 0x83), range(0x9F, 0xF2), 0.2 / 83),
                (range(0x83, 0x84), range(0x40, 0x97), 0.2 / 86),
                (range(0x81, 0x82), _ANY, 0.005 / 147),
                (range(0x82, 0x83), range(0x4F, 0x9B), 0.03 / 62),
                (range(0x88, 0x98), _ANY, 0.15 / 2965),
                (range(0x98, 0xEB), _ANY, 0.01 / 3390),
            ],
            single=0.01 / 63,
        ),
    ),
    CodePage(
        "cp949",
        "code page 949 (Korean)",
        -2,
        -2,
        _double_byte(
            _KOREAN,
            [
                (range(0xB0, 0xC9), _HIGH, 0.5 / 2350),
                (range(0xA1, 0xAD), _HIGH, 0.03 / 986),
                (range(0xCA, 0xFE), _HIGH, 0.005 / 4888),
                (range(0x81, 0xC7), _ANY, 0.015 / 8822),
            ],
        ),
    ),
    CodePage(
        "big5",
        "Big5 (Chinese, Taiwan)",
        -1,
        -1,
        _double_byte(
            _TAIWANESE,
            [
                (range(0xA4, 0xC7), _ANY, 0.5 / 5401),
                (range(0xA1, 0xA4), _ANY, 0.03 / 408),
                (range(0xC9, 0xFA), _ANY, 0.02 / 7652),
            ],
        ),
    ),
)


#: More names than these do not change the answer.
_ENOUGH = 200
_DOS = frozenset({"cp437", "cp850", "cp852", "cp866"})


def guess_code_page(names: Iterable[bytes], *, zip_from_dos: bool | None = None) -> CodePage:
    """The likeliest code page of names that are no UTF-8. ``zip_from_dos``: what a zip says of the system it
    was made on; None for what is no zip."""
    raws = list(dict.fromkeys(names))[:_ENOUGH]

    def weight(page: CodePage) -> float:
        prior = page.prior if zip_from_dos is None else page.zip_prior
        if zip_from_dos is False and page.codec in _DOS:
            prior -= 1.5
        return prior + sum(page.likelihood(raw) for raw in raws)

    # Code page 437 has a character for every byte: there always is a reading.
    return max(_CODE_PAGES, key=weight)


_LETTERS = frozenset(_LATIN_LOWER + _CENTRAL_LOWER + _CYRILLIC_LOWER)
#: A name that is UTF-8 among others that are not is rather so by chance.
_UTF_8_PRIOR = -4.0


def read_name(raw: bytes, page: CodePage | None) -> str:
    """A name that does not say its encoding. ``page``: that of the archive's other names, where some are no
    UTF-8: then this one may be UTF-8 by chance."""
    text = utf_8(raw)
    if page is None or raw.isascii():
        return text if text is not None else raw.decode("cp437")
    if text is not None and _UTF_8_PRIOR + _utf_8_likelihood(text) > page.likelihood(raw):
        return text
    read = page.read(raw)
    return read if read is not None else raw.decode("cp437")


def _utf_8_likelihood(text: str) -> float:
    total, before = 0.0, ""
    for character in text:
        if character < "\x80":
            total += _ASCII
        elif character.lower() in _LETTERS:
            total += log(1 / len(_LETTERS)) + _case(character, before)
        else:
            total += log(1 / 8000) if character > "\u07ff" else _ODD
        before = before[-1:] + character
    return total


def utf_8(raw: bytes) -> str | None:
    """The text, or None if these bytes are no UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None
