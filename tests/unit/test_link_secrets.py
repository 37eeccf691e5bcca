"""What a person writes of a link is stored and shown without its secret."""

import pytest

from dataferry.core.link_secrets import hide_link_secrets, keep_links
from dataferry.core.types import DatasetRef

SECRET = "5eCr3t"


@pytest.mark.parametrize(
    "text",
    [
        f"get https://ada:{SECRET}@data.example.org/a.csv please",
        f"get https://{SECRET}@data.example.org/a.csv",
        f"(https://data.example.org/a.csv?sig={SECRET}).",
        f"[a](https://data.example.org/a.csv?x=1&X-Amz-Signature={SECRET}) and more",
        f"HTTPS://DATA.example.org/a.csv?token={SECRET}",
        f"https://data.example.org/a.csv?{SECRET}",
        f"https://data.example.org/a.csv#access_token={SECRET}",
        f"https://one.example.org/?k={SECRET},https://two.example.org/?k={SECRET}",
        f"url:https://data.example.org/a.csv?sig={SECRET}",
        # Links that cannot be asked for.
        f"https://ada:{SECRET}@data.example.org:99999/a.csv",
        f"https://ada:{SECRET}/more@data.example.org/a.csv",
        f"ftp://ada:{SECRET}@data.example.org/a.csv",
        f"s3://bucket/a.csv?AWSAccessKeyId=1&Signature={SECRET}",
        f"postgresql+psycopg://ada:{SECRET}@db.example.org/data",
        f"https://[broken?sig={SECRET}",
        f"https://data.example.org/{'x' * 5000}?sig={SECRET}",
        # Without a scheme, and in pieces.
        f"data.example.org/a.csv?token={SECRET}",
        f"www.example.org:8080?token={SECRET}",
        f"ada:{SECRET}@data.example.org/a.csv",
        f"https://data.example.org/a.csv?\nX-Amz-Signature={SECRET}",
        f"wget 'https://data.example.org/a.csv?q='x'&sig={SECRET}'",
        f"curl -d password={SECRET} https://data.example.org/a.csv",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    shown = hide_link_secrets(text)
    assert SECRET not in shown
    assert "example.org" in shown.lower() or "bucket" in shown or "broken" in shown
    assert hide_link_secrets(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "find data about iris",
        "https://data.example.org/a.csv",
        "see https://example.org/page#results, and ask ada@example.org",
        "mailto:ada@example.org",
        "huggingface:stanfordnlp/imdb@main",
        "kaggle:uciml/iris at 12:30; size=5, is it 3:2?",
        "https://unpkg.com/pkg@1.0/a.csv",
        "https://data.example.org/a.csv#1f2e3d4c5b6a",
        "is a.b?c a name",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert hide_link_secrets(text) == text
    assert keep_links(text) == text


def test_what_is_needed_to_ask_for_a_link_is_kept_and_nothing_else() -> None:
    link = f"https://ada:{SECRET}@data.example.org/a.csv?sig={SECRET}"
    kept = keep_links(f"get {link}, not ftp://ada:{SECRET}@example.org/x or password={SECRET}")
    assert kept == f"get {link}, not ftp://example.org/x… or password=…"


def test_a_hidden_link_is_known_again() -> None:
    link = "https://data.example.org/a.csv?sig=1"
    shown = hide_link_secrets(f"get {link}.")
    assert shown == f"get {DatasetRef.make('url', link).id}."
    assert DatasetRef.make("url", shown[4:-1]) == DatasetRef.make("url", link)
