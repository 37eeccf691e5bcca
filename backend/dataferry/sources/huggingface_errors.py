"""The HuggingFace Hub's refusals as errors of our own tree.

They are told by status, ``X-Error-Code`` and ``X-Error-Message`` alone: a body may have any shape.
"""

import re

import httpx2

from dataferry.core.errors import (
    CredentialRejected,
    DataferryError,
    Forbidden,
    GatedDataset,
    NotFound,
    SourceNotConfigured,
    SourceProtocolError,
)
from dataferry.core.specs import SOURCES, KeyForm
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.http_errors import closed_by_hub, error_words, is_web_page
from dataferry.sources.metadata import one_line

_SPEC = SOURCES["huggingface"]
_FORM = _SPEC.key_form
_NO_FORM: KeyForm = {}

#: What the hub says of a dataset that is missing or hidden, also in a 401.
_HIDDEN_MESSAGES = ("Invalid username or password", "Repository not found")
#: What it says of a dataset that it closed itself: "Access to this resource is disabled."
_CLOSED = re.compile(r"\b(?:access|dataset|repo(?:sitory)?|resource)\b.*\bdisabled\b", re.IGNORECASE)


def protocol_error() -> SourceProtocolError:
    return SourceProtocolError(
        "HuggingFace answered something that is not its protocol.",
        next_step="Try again later; if it stays so, ask an admin to check the server's address of"
        " HuggingFace and any proxy in between.",
        setting="HF_ENDPOINT",
    )


def refusal(
    response: httpx2.Response, endpoint: str, credential: Credential, ref: DatasetRef | None
) -> DataferryError:
    """The error behind a status of 400 to 499. ``ref`` is the dataset asked about."""
    status, code = response.status_code, response.headers.get("X-Error-Code")
    body = _body(response)
    words = one_line(response.headers.get("X-Error-Message"), 200)
    if not code and not words:
        if is_web_page(response.headers.get("Content-Type", ""), body):
            return protocol_error()
        words = error_words(body)
    if code == "GatedRepo":
        return _gated(endpoint, credential, ref)
    if code == "RevisionNotFound":
        what = ref.id if ref else "the dataset"
        return NotFound(
            f"HuggingFace has no such revision of {what}.", next_step="Leave the revision out for the latest."
        )
    if ref is not None and (status == 451 or (status == 403 and _CLOSED.search(words))):
        return closed_by_hub(ref, words, page_of(endpoint, ref.id))
    if code in ("RepoNotFound", "EntryNotFound") or status in (404, 410):
        return missing(ref, credential)
    if status == 401:
        return _unauthorized(words, credential, ref)
    if status == 403:
        return _forbidden(words, endpoint, credential, ref)
    return protocol_error()


def _body(response: httpx2.Response) -> bytes:
    try:
        return response.content
    except (httpx2.HTTPError, httpx2.StreamError):
        return b""


def _unauthorized(words: str, credential: Credential, ref: DatasetRef | None) -> DataferryError:
    """A 401, which the hub also gives to callers without an account for what is missing or hidden."""
    anonymous = credential.secret is None
    if ref is not None and (words.startswith(_HIDDEN_MESSAGES) or (anonymous and not words)):
        return missing(ref, credential)
    return _not_configured() if anonymous else _rejected(credential)


def _forbidden(words: str, endpoint: str, credential: Credential, ref: DatasetRef | None) -> DataferryError:
    """A 403 that speaks of no terms: of a token's rights, or of a rule of the hub's own."""
    if ref is None:
        return _not_configured() if credential.secret is None else _rejected(credential)
    page = page_of(endpoint, ref.id)
    anonymous = credential.secret is None
    about_account = "whether it takes an account: its token is added under Settings"
    check = about_account if anonymous else "that its token may read it"
    return Forbidden(
        f"HuggingFace does not give {ref.id}" + (f": “{words.rstrip('.')}”." if words else "."),
        next_step=f"Open its page and check {check}.",
        link=page,
        **(_FORM if anonymous else _NO_FORM),
    )


def missing(ref: DatasetRef | None, credential: Credential) -> NotFound:
    what = f"no dataset {ref.id}" if ref else "nothing of that name"
    if credential.secret is not None:
        return NotFound(
            f"HuggingFace has {what}, or its token does not reach it.", next_step="Check the id: owner/name."
        )
    return NotFound(
        f"HuggingFace has {what} that is public.",
        next_step="Check the id: owner/name. For a private one, add your HuggingFace token under Settings.",
        **_FORM,
    )


def model_instead(endpoint: str, model_id: str) -> NotFound:
    """The answer to who asks for a dataset by the id of a model."""
    return NotFound(
        f"{model_id} is a model on HuggingFace, not a dataset: only datasets are downloaded here.",
        next_step="Open its page, or search for the data that it was trained on.",
        link=f"{endpoint}/{model_id}",
    )


def _gated(endpoint: str, credential: Credential, ref: DatasetRef | None) -> GatedDataset:
    link = page_of(endpoint, ref.id) if ref else None
    what = ref.id if ref else "This dataset"
    anonymous = credential.secret is None
    token = ", and add a token of the same account under Settings" if anonymous else ""
    return GatedDataset(
        f"{what} is shared only with people who accepted its terms.",
        next_step=f"Accept the terms on its page{token}; then retry.",
        link=link,
        **(_FORM if anonymous else _NO_FORM),
    )


def _rejected(credential: Credential) -> CredentialRejected:
    if credential.origin == "user":
        return CredentialRejected(
            "HuggingFace refuses your HuggingFace token.",
            next_step="Make a new one at huggingface.co/settings/tokens, then replace yours under Settings.",
            screen=_SPEC.key_screen,
        )
    return CredentialRejected(
        "HuggingFace refuses this server's HuggingFace token.",
        next_step="Add a token of your own under Settings, or ask an admin to renew the server's.",
        **_FORM,
    )


def _not_configured() -> SourceNotConfigured:
    return SourceNotConfigured(
        "HuggingFace is not configured, and it refuses callers without a token here.",
        next_step="Add your token under Settings. One is made at huggingface.co/settings/tokens.",
        **_FORM,
    )


def page_of(endpoint: str, dataset_id: str) -> str:
    """The dataset's page for people."""
    return f"{endpoint}/datasets/{dataset_id}"
