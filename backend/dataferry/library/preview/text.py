"""Bytes as text: the encoding is told by its mark, proved, or guessed and said."""

import codecs
from dataclasses import dataclass

from dataferry.library.preview.code_pages import guess_code_page

#: The longer mark first: UTF-32's begins as UTF-16's does.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Bytes in which the encoding is looked for, and a share of which tells UTF-16 without a mark.
_SAMPLE_BYTES = 1 << 16
_ZEROS_IN_UTF16 = 0.4
#: More broken bytes than one in so many letters beyond ASCII, and it was another encoding.
_LETTERS_PER_BROKEN = 20
_ONE_BROKEN = "1 byte is not UTF-8 and stands as �."


@dataclass(frozen=True, slots=True)
class Text:
    """``encoding``: Python's name, as pandas takes it. ``note``: what was guessed. ``broken``: some bytes are
    not of the encoding; they stand as U+FFFD."""

    text: str
    encoding: str
    note: str | None = None
    broken: bool = False


def decode(data: bytes, complete: bool) -> Text:
    """``data`` as text. Where it is not ``complete``, a character may be cut at its end."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(
                data, encoding, complete, note=None if encoding == "utf-8-sig" else _named(encoding)
            )
    wide = _wide(data[:_SAMPLE_BYTES])
    if wide is not None:
        return _decoded(data, wide, complete, note=_named(wide))
    try:
        return Text(codecs.getincrementaldecoder("utf-8")().decode(data, final=complete), "utf-8")
    except UnicodeDecodeError:
        pass
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data, final=complete)
    broken = text.count("\ufffd")
    letters = sum(1 for character in text if character > "\x7f") - broken
    if broken * _LETTERS_PER_BROKEN < letters:
        note = f"{broken:,} bytes are not UTF-8 and stand as �." if broken > 1 else _ONE_BROKEN
        return Text(text, "utf-8", note, broken=True)
    encoding = guess_code_page(data)
    return _decoded(data, encoding, complete, note=f"The encoding is guessed: {encoding}.")


def _named(encoding: str) -> str:
    return f"The encoding is {encoding.upper()}."


def _decoded(data: bytes, encoding: str, complete: bool, note: str | None) -> Text:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data, final=complete)
    return Text(text, encoding, note, broken="\ufffd" in text)


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of what is mostly ASCII is zero."""
    half = len(sample) // 2
    if half < 2:
        return None
    even, odd = sample[::2].count(0) / half, sample[1::2].count(0) / half
    if odd > _ZEROS_IN_UTF16 > even * 4:
        return "utf-16-le"
    if even > _ZEROS_IN_UTF16 > odd * 4:
        return "utf-16-be"
    return None
