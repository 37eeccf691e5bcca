"""Keys as people paste them: in quotes, behind a variable's or a header's name, or in a whole file.

What is wrong at sight is said before anybody is asked; a key itself is never repeated.
"""

import json
import re
from dataclasses import dataclass

from dataferry.core.errors import InvalidInput

#: What keys of well-known services begin with. Longer beginnings stand first.
_BEGINNINGS = {
    "sk-ant-": "Anthropic",
    "sk-or-": "OpenRouter",
    "sk-": "OpenAI",
    "gsk_": "Groq",
    "xai-": "xAI",
    "hf_": "HuggingFace",
    "dft_": "Dataferry",
    "KGAT_": "Kaggle",
    "AIza": "Gemini",
    "ghp_": "GitHub",
    "github_pat_": "GitHub",
}
#: ``export GOOGLE_API_KEY=``, ``KAGGLE_KEY:``, ``Authorization: Bearer``, as they stand in files and manuals.
_BEFORE = re.compile(
    r"""^(?:(?:export\s+|set\s+|\$env:)?["']?[A-Za-z][A-Za-z0-9_-]{2,40}["']?\s*[=:]\s*(?=["'`]?[A-Za-z0-9]))?["'`]?(?:Bearer\s+)?""",
    re.IGNORECASE,
)
#: Blanks of every kind, and the signs without width that come along from web pages.
_BLANKS = re.compile(r"[\s\u00a0\u00ad\u200b-\u200f\u2028\u2029\u2060\ufeff]+")
_QUOTES = "\"'`“”‘’«»,;"
_MASK = re.compile(r"[•*●·.…x]{4,}", re.IGNORECASE)
#: Kaggle's older keys: of no use without the user's name.
_OLDER_KAGGLE_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class PastedKey:
    """``username`` only with one of Kaggle's older keys."""

    secret: str
    username: str | None = None


def read_key(pasted: str, provider: str) -> str:
    """The key in what was pasted, for ``provider`` as ``_BEGINNINGS`` names it.

    Errors: ``InvalidInput`` for what cannot be one of its keys.
    """
    text = _BLANKS.sub(" ", pasted).strip().strip(_QUOTES)
    key = _BEFORE.sub("", text, count=1).strip().strip(_QUOTES).replace(" ", "")
    if not key:
        raise InvalidInput("The key is empty.", next_step=f"Paste your {provider} key.")
    if _MASK.fullmatch(key):
        raise InvalidInput(
            "That is what is shown in place of a key, not the key.",
            next_step=f"Paste the {provider} key itself, or leave the one that is kept.",
        )
    if not (key.isascii() and key.isprintable()):
        raise InvalidInput(
            "The key holds signs that no key has.", next_step="Copy it again where it was made, and only it."
        )
    owner = next((name for start, name in _BEGINNINGS.items() if key.startswith(start)), provider)
    if owner != provider:
        raise InvalidInput(
            f"That looks like a key for {owner}, not for {provider}.", next_step=f"Paste your {provider} key."
        )
    return key


def read_kaggle_key(pasted: str, username: str | None) -> PastedKey:
    """A token, an older key with its user's name, or all of ``kaggle.json``, which holds either.

    A file's ``key`` may be one of the new tokens (Kaggle/kaggle-cli#1005). Errors: ``InvalidInput``.
    """
    name = (username or "").strip()
    text = pasted.strip().lstrip("\ufeff").strip()
    if text.startswith("{"):
        name, text = _read_kaggle_json(text)
    key = read_key(text, "Kaggle")
    if not _OLDER_KAGGLE_KEY.fullmatch(key):
        # A token names its account by itself. Without its usual beginning, the name tells which it is.
        return PastedKey(key, None if key.startswith("KGAT_") else name or None)
    if not name:
        raise InvalidInput(
            "That is one of Kaggle's older keys, which needs the user name too.",
            next_step="Type your Kaggle user name, or paste all of kaggle.json.",
        )
    return PastedKey(key, name)


def _read_kaggle_json(text: str) -> tuple[str, str]:
    """User name and key. Errors: ``InvalidInput``."""
    try:
        told = json.loads(text)
    except ValueError:
        told = {}
    name, key = told.get("username"), told.get("key")
    if not isinstance(key, str):
        raise InvalidInput(
            "That is not what kaggle.json holds.",
            next_step="Paste all of it, from { to }, or only the token.",
        )
    return name if isinstance(name, str) else "", key
