"""Kaggle's refusals as errors of our own tree."""

import re
from collections.abc import Mapping

import requests

from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    Forbidden,
    GatedDataset,
    NotFound,
    SourceNotConfigured,
    SourceProtocolError,
    SourceUnreachable,
)
from dataferry.core.specs import SOURCES, KeyForm
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.http_errors import (
    MAX_ERROR_BYTES,
    closed_by_hub,
    error_words,
    is_web_page,
    rate_limited,
    server_error,
)

#: What Kaggle says where it is the rules, and nothing else, that keep somebody out.
_ABOUT_RULES = re.compile(r"\baccept\b.*\b(?:rules|terms|licen[cs]e|agreement|conditions)\b", re.IGNORECASE)
_KEY = SOURCES["kaggle"]


def protocol_error() -> SourceProtocolError:
    return SourceProtocolError(
        "Kaggle answered something that is not its protocol.",
        next_step="Try again later; if it stays so, ask an admin to check the server's address of Kaggle and"
        " any proxy in between.",
        setting="DATAFERRY_KAGGLE_ENDPOINT",
    )


def refusal(
    error: requests.HTTPError, credential: Credential, ref: DatasetRef | None, *, files: bool = False
) -> DataferryError:
    """``files``: it is a dataset's files that were asked for, not what Kaggle shows of it."""
    response = error.response
    # kagglesdk raises for a "code" inside an answer that says 200.
    status = response.status_code if response.status_code >= 400 else _stated_code(response)
    headers: Mapping[str, str] = response.headers
    if status == 429:
        return rate_limited("Kaggle", headers)
    if status >= 500:
        return server_error("Kaggle", status)
    if response.history:
        # Behind the redirect it is the storage that refuses: an address that has run out already, or a
        # clock that is wrong. It says nothing of the dataset or the credential.
        return SourceUnreachable(
            f"Kaggle's storage refuses the address that Kaggle gave (HTTP {status}).",
            next_step="Try again in a minute.",
        )
    page, words = told_by(response)
    if page:
        return protocol_error()
    if status == 401 or (status == 403 and ref is None):
        return _not_configured() if credential.secret is None else rejected(credential)
    if ref is None:
        return protocol_error()
    if status == 451:
        return closed_by_hub(ref, words, page_of(ref))
    if status == 403:
        return _no_access(ref, credential, words, files=files)
    return _missing(ref) if status in (404, 410) else protocol_error()


def told_by(response: requests.Response) -> tuple[bool, str]:
    """Whether an error's body is a web page, which is not Kaggle's, and the words of one that is not."""
    try:
        body = next(response.iter_content(MAX_ERROR_BYTES), b"")
    except requests.RequestException:
        body = b""
    page = is_web_page(response.headers.get("Content-Type", ""), body)
    return page, "" if page else error_words(body)


def _stated_code(response: requests.Response) -> int:
    try:
        return int(response.json()["code"])
    except (ValueError, TypeError, KeyError):
        return 0


def _not_configured() -> SourceNotConfigured:
    return SourceNotConfigured(
        "Kaggle is not configured, and it refuses callers without an account.",
        next_step="Add your Kaggle key under Settings. One is made at kaggle.com/settings.",
        **_KEY.key_form,
    )


def rejected(credential: Credential) -> CredentialRejected:
    kind = "key" if credential.username else "token"
    if credential.origin == "user":
        return CredentialRejected(
            f"Kaggle refuses your Kaggle {kind}: it is wrong, or it has expired.",
            next_step="Make a new token at kaggle.com/settings, then replace your key under Settings.",
            screen=_KEY.key_screen,
        )
    return CredentialRejected(
        f"Kaggle refuses this server's Kaggle {kind}: it is wrong, or it has expired.",
        next_step="Add a key of your own under Settings, or ask an admin to renew the server's.",
        screen=_KEY.key_screen,
        setting="KAGGLE_USERNAME and KAGGLE_KEY" if credential.username else "KAGGLE_API_TOKEN",
    )


def _no_access(ref: DatasetRef, credential: Credential, words: str, *, files: bool) -> DataferryError:
    """A 403. Kaggle answers one alike for what does not exist and for what is private; that it is the rules
    it says."""
    page, anonymous = page_of(ref), credential.secret is None
    if _ABOUT_RULES.search(words):
        if anonymous:
            return SourceNotConfigured(
                f"Kaggle is not configured, and it gives {ref.id} only to accounts that accepted its rules.",
                next_step="Accept them on its page, then add that account's key under Settings.",
                link=page,
                **_KEY.key_form,
            )
        return GatedDataset(
            f"Kaggle does not give {ref.id} to this account: its rules are not accepted yet.",
            next_step="Open its page, accept the rules there, then retry.",
            link=page,
        )
    account = "add its key under Settings" if anonymous else "use the key of that one"
    form: KeyForm = _KEY.key_form if anonymous else {}
    if files:
        return Forbidden(
            f"Kaggle does not give the files of {ref.id}{'' if anonymous else ' to this account'}.",
            next_step=f"Open its page. If an account can download them there, {account}.",
            link=page,
            **form,
        )
    return NotFound(
        f"{ref.id} is missing or private: Kaggle does not say which.",
        next_step="Check the spelling: owner/slug, as in the address of its page. If it is private, sign in"
        f" with an account that may see it: {account}.",
        link=page,
        **form,
    )


def _missing(ref: DatasetRef) -> NotFound:
    return NotFound(
        f"Kaggle has no dataset {ref.id}, or not the revision asked for.",
        next_step="Check the id; it reads owner/name.",
    )


def page_of(ref: DatasetRef) -> str:
    """The dataset's page for people."""
    return f"https://www.kaggle.com/datasets/{ref.id}"
