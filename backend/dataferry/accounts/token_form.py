"""How a personal token is written: ``dft_``, 30 random characters, and 6 that check them.

A secret scanner and our own log know it by its beginning; a mistyped or shortened one is known without the
database. 30 of 62 characters are 178 random bits: nobody guesses one.
"""

import hashlib
import secrets
import string
import zlib

PREFIX = "dft_"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_CHARS = 30
_CHECK_CHARS = 6
_HINT_CHARS = 4


def make_token() -> str:
    random = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARS))
    return PREFIX + random + _check_of(random)


def is_whole(token: str) -> bool:
    """Whether it is written as one, to its last character."""
    body = token.removeprefix(PREFIX)
    random = body[:-_CHECK_CHARS]
    return (
        token.startswith(PREFIX)
        and len(random) == _RANDOM_CHARS
        and set(random) <= set(_ALPHABET)
        and body[-_CHECK_CHARS:] == _check_of(random)
    )


def digest_of(token: str) -> str:
    """What is stored in its place."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def hint_of(token: str) -> str:
    """What its owner may know it by, and nobody can use: of the characters that check the others."""
    return f"{PREFIX}…{token[-_HINT_CHARS:]}"


def _check_of(random: str) -> str:
    """CRC-32 in base 62."""
    number, digits = zlib.crc32(random.encode()), ""
    for _ in range(_CHECK_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
