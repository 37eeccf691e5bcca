"""Languages that data is in: their codes, and what people and hubs call them."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("languages.toml")


@lru_cache(maxsize=4096)
def language_code(name: str) -> str | None:
    """ISO 639: two letters where the language has them, else three; None where there is no such language.

    ``name`` is a code, with a region or script or without (``pt-BR``), or the language's name in English or
    in itself.
    """
    plain = name.strip().casefold()
    by_name, three_letters = _known()
    code = plain.replace("_", "-").partition("-")[0]
    if plain in by_name:
        return by_name[plain]
    if code in by_name and len(code) <= 3:
        return by_name[code]
    return code if code in three_letters else None


def language_names(code: str) -> tuple[str, ...]:
    """What a language is called, in English and in itself, in lower case; its code where nothing is known."""
    return _names().get(code, (code,))


def stated_languages(labels: Iterable[str]) -> tuple[str, ...]:
    """The codes of the languages that tags state: ``language:de``, or the language's name alone."""
    found = dict.fromkeys(map(_stated_language, labels))
    return tuple(code for code in found if code is not None)


@lru_cache(maxsize=4096)
def _stated_language(label: str) -> str | None:
    prefix, colon, value = label.partition(":")
    if colon:
        return language_code(value.strip()) if prefix == "language" else None
    name = label.casefold().removesuffix(" language").strip()
    # A plain tag of two or three letters is seldom a language.
    return language_code(name) if len(name) > 3 and name in _known()[0] else None


@cache
def _known() -> tuple[Mapping[str, str], frozenset[str]]:
    """Codes by every code and name of a language that has two letters, and the codes of all others."""
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    by_name = {code: code for code in read["two_letters"]}
    for code, names in read["two_letters"].items():
        for name in names.split(" | "):
            by_name.setdefault(name.casefold(), code)
    return by_name, frozenset(read["three_letters"]["codes"].split())


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for name, code in _known()[0].items():
        if len(name) > 3 or not name.isascii():
            names[code] = (*names.get(code, ()), name)
    return names
