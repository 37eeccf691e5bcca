"""Keys as people paste them. Each form is one that somebody reported of another product."""

import json

import pytest

from dataferry.accounts.pasted_keys import PastedKey, read_kaggle_key, read_key
from dataferry.core.errors import InvalidInput

GEMINI = "AIzaSyA-0123456789_abcdefghijklmnopqrstu"
OLDER = "0123456789abcdef0123456789abcdef"
TOKEN = "KGAT_grace0123456789"


@pytest.mark.parametrize(
    "pasted",
    [
        f"  {GEMINI}\n",
        f"{GEMINI}\r\n",  # damontecres/StashAppAndroidTV#463
        f"\u00a0{GEMINI}\u200b",
        f"{GEMINI[:20]}\n{GEMINI[20:]}",  # wrapped by a terminal
        f'"{GEMINI}"',
        f"“{GEMINI}”",
        f"`{GEMINI}`",
        f"Bearer {GEMINI}",
        f"Authorization: Bearer {GEMINI}",
        f"x-goog-api-key: {GEMINI}",
        f"GOOGLE_API_KEY={GEMINI}",
        f"export GEMINI_API_KEY='{GEMINI}'",
        f'"api_key": "{GEMINI}",',
        f"\ufeff{GEMINI}",
    ],
)
def test_a_key_is_taken_out_of_what_stands_around_it(pasted: str) -> None:
    assert read_key(pasted, "Gemini") == GEMINI


@pytest.mark.parametrize("key", ["AQ.Ab8RN6-plain_one", "abcdefgh==", "a:b:c", "any-key"])
def test_a_key_of_another_form_stays_as_it_is(key: str) -> None:
    assert read_key(key, "Gemini") == key


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (" \n", "empty"),
        ('""', "empty"),
        ("••••••••••••", "not the key"),  # craft-ai-agents/craft-agents-oss#1048
        ("********", "not the key"),
        ("AIzaSy…пароль", "signs that no key has"),
        ("sk-ant-api03-abcdefgh", "for Anthropic, not for Gemini"),
        ("sk-proj-abcdefgh", "for OpenAI, not for Gemini"),
        ("hf_abcdefgh", "for HuggingFace, not for Gemini"),
        (TOKEN, "for Kaggle, not for Gemini"),
    ],
)
def test_what_cannot_be_the_key_is_said_and_not_repeated(pasted: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        read_key(pasted, "Gemini")
    shown = f"{caught.value.detail} {caught.value.next_step}"
    assert len(pasted.strip()) < 3 or pasted not in shown


@pytest.mark.parametrize(
    ("pasted", "username", "meant"),
    [
        (TOKEN, None, PastedKey(TOKEN)),
        (f"KAGGLE_API_TOKEN={TOKEN}", None, PastedKey(TOKEN)),
        (TOKEN, "grace", PastedKey(TOKEN)),
        (OLDER, " grace ", PastedKey(OLDER, "grace")),
        (json.dumps({"username": "grace", "key": OLDER}), None, PastedKey(OLDER, "grace")),
        (json.dumps({"username": "grace", "key": OLDER}, indent=2), "other", PastedKey(OLDER, "grace")),
        # Kaggle/kaggle-cli#1005
        ("\ufeff " + json.dumps({"username": "grace", "key": TOKEN}), None, PastedKey(TOKEN)),
    ],
)
def test_kaggles_forms(pasted: str, username: str | None, meant: PastedKey) -> None:
    assert read_kaggle_key(pasted, username) == meant


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (OLDER, "needs the user name"),  # Kaggle/kaggle-cli#153
        ('{"username": "grace", "key": ', "not what kaggle.json holds"),
        ('{"type": "service_account"}', "not what kaggle.json holds"),
        ("hf_abcdefgh", "for HuggingFace, not for Kaggle"),
        ("AIzaSyAbcdefgh", "for Gemini, not for Kaggle"),
    ],
)
def test_what_kaggle_cannot_use_is_said(pasted: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_kaggle_key(pasted, None)
