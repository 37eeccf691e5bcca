"""huggingface_hub, made fit for a server: deadlines, no retries of its own, errors of our own tree.

Its switches are read at import, so they are set here first; and since importing it takes a while,
this module is imported when the hub is first asked. ``HF_HUB_OFFLINE`` is honoured.

The library retries a failing call five times (23 s when the connection is refused) and passes
``timeout=None``. Both end in the HTTP client that it lets us provide: every request gets what is left
of the deadline, and a fault or a limit is raised as our own error, which nothing retries.
"""

import os

os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx2
from huggingface_hub import HfApi, RepoFile, constants, get_session, hf_hub_url, set_client_factory
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, HFValidationError
from huggingface_hub.hf_api import DatasetInfo, ModelInfo

from dataferry import __version__
from dataferry.core.errors import DataferryError, SourceUnreachable
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.http_errors import rate_limited, server_error, timed_out, unreachable
from dataferry.sources.huggingface_errors import missing, model_instead, protocol_error, refusal

#: What a search asks for of each hit. Sizes come only this way.
_SEARCH_FIELDS: list[Any] = [
    "author",
    "cardData",
    "description",
    "downloads",
    "gated",
    "lastModified",
    "likes",
    "mainSize",
    "private",
    "sha",
    "tags",
]
#: The same of models: "gguf" and "safetensors" tell how many parameters they have.
_MODEL_FIELDS: list[Any] = [
    "cardData",
    "downloads",
    "gated",
    "gguf",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "tags",
]
#: A card may be long; the beginning says what a reader wants to know.
_MAX_CARD_BYTES = 512 * 1024
#: For calls in this process that are not ours.
_DEFAULT_TIMEOUT_S = 30.0


class _Deadline:
    """Timeouts of the calls that a thread makes now."""

    def __init__(self, connect_s: float, total_s: float) -> None:
        self._connect_s = connect_s
        self._ends = time.monotonic() + total_s

    def timeout(self) -> dict[str, float]:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise timed_out("HuggingFace")
        return {"connect": min(self._connect_s, left), "read": left, "write": left, "pool": left}


_deadline: ContextVar[_Deadline | None] = ContextVar("hub_deadline", default=None)


class _Client(httpx2.Client):
    """The client under huggingface_hub, for the whole process."""

    def send(self, request: httpx2.Request, **settings: Any) -> httpx2.Response:
        if constants.is_offline_mode():
            raise SourceUnreachable(
                "HuggingFace is not asked: this server is set to do without it.",
                next_step="Ask an admin.",
                setting="HF_HUB_OFFLINE",
            )
        deadline = _deadline.get() or _Deadline(_DEFAULT_TIMEOUT_S, _DEFAULT_TIMEOUT_S)
        request.extensions["timeout"] = deadline.timeout()
        try:
            response = super().send(request, **settings)
        except httpx2.TimeoutException as error:
            raise timed_out("HuggingFace") from error
        except httpx2.RequestError as error:
            raise unreachable("HuggingFace", certificate=_is_about_certificates(error)) from error
        if response.status_code == 429 or response.status_code >= 500:
            response.close()
            if response.status_code == 429:
                raise rate_limited("HuggingFace", response.headers)
            raise server_error("HuggingFace", response.status_code)
        return response


def _is_about_certificates(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


set_client_factory(lambda: _Client(follow_redirects=True))


class HubCalls:
    """The calls that this product makes, as one credential. Answers are huggingface_hub's own objects."""

    def __init__(self, endpoint: str, credential: Credential) -> None:
        # token=None would take the token that the machine's user has saved.
        self._token: str | bool = credential.secret or False
        self._endpoint = endpoint
        self._api = HfApi(
            endpoint=endpoint, token=self._token, library_name="dataferry", library_version=__version__
        )

    def search(
        self, text: str, *, narrow: list[str], gated: bool | None, sort: Any, limit: int
    ) -> list[DatasetInfo]:
        """Hits whose name contains ``text``, with every tag of ``narrow``; only those that are ``gated``, or
        that are not.

        An older hub, or a mirror of one, does not know how to tell sizes: it is asked again without.
        """
        asked: dict[str, Any] = {
            "search": text,
            "filter": narrow or None,
            "gated": gated,
            "sort": sort,
            "limit": limit,
        }
        try:
            return list(self._api.list_datasets(**asked, expand=_SEARCH_FIELDS))
        except BadRequestError:
            return list(self._api.list_datasets(**asked, full=True))

    def models(
        self, text: str, *, task: str | None, tags: list[str], sort: Any, limit: int
    ) -> list[ModelInfo]:
        """Models whose name contains ``text``, of a task and with every one of ``tags``.

        A task is asked for as such: among the tags it would also be what authors wrote there. An older hub is
        asked again without what it does not know to tell.
        """
        asked: dict[str, Any] = {"search": text or None, "pipeline_tag": task, "filter": tags or None}
        asked |= {"sort": sort, "limit": limit}
        try:
            return list(self._api.list_models(**asked, expand=_MODEL_FIELDS))
        except BadRequestError:
            return list(self._api.list_models(**asked, full=True))

    def dataset(self, dataset_id: str, revision: str | None) -> DatasetInfo:
        """One dataset with the sizes of its files. A name without owner is followed."""
        return self._info(dataset_id, revision=revision, files_metadata=True)

    def commit(self, dataset_id: str, revision: str | None) -> DatasetInfo:
        """The same without the files' sizes: id, commit, gate."""
        return self._info(dataset_id, revision=revision)

    def _info(self, dataset_id: str, **asked: Any) -> DatasetInfo:
        """Errors: ``NotFound`` that says so where a model has the id."""
        try:
            return self._api.dataset_info(dataset_id, **asked)
        except HfHubHTTPError as error:
            # Who has no account is told of what is missing as of what is hidden.
            unknown = error.response.status_code in (401, 404)
            code = error.response.headers.get("X-Error-Code")
            if unknown and code in (None, "RepoNotFound") and self._is_model(dataset_id):
                raise model_instead(self._endpoint, dataset_id) from error
            raise

    def _is_model(self, dataset_id: str) -> bool:
        try:
            return not self._api.model_info(dataset_id, expand=["private"]).private
        except (HfHubHTTPError, DataferryError):
            return False

    def tree(self, dataset_id: str, commit: str) -> Iterator[RepoFile]:
        """Every file of a commit, asked for page by page."""
        tree = self._api.list_repo_tree(dataset_id, repo_type="dataset", revision=commit, recursive=True)
        return (entry for entry in tree if isinstance(entry, RepoFile))

    def check_access(self, dataset_id: str) -> None:
        """Errors: ``GatedRepoError`` where the files are refused, though the metadata is shown."""
        self._api.auth_check(dataset_id, repo_type="dataset")

    def card(self, dataset_id: str, revision: str) -> str:
        """The dataset card with its front matter; empty where there is none."""
        url = self.file_url(dataset_id, revision, "README.md")
        headers = {"User-Agent": f"dataferry/{__version__}"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        with get_session().stream("GET", url, headers=headers) as response:
            if response.status_code == 404 and response.headers.get("X-Error-Code") == "EntryNotFound":
                return ""
            if response.status_code >= 400:
                self._api.auth_check(dataset_id, repo_type="dataset")
                return ""
            text = b""
            for piece in response.iter_bytes(64 * 1024):
                text += piece
                if len(text) >= _MAX_CARD_BYTES:
                    break
        return text[:_MAX_CARD_BYTES].decode("utf-8", "replace")

    def file_url(self, dataset_id: str, revision: str, path: str) -> str:
        return hf_hub_url(dataset_id, path, repo_type="dataset", revision=revision, endpoint=self._endpoint)

    def account(self) -> str:
        """Whose the token is."""
        return str(self._api.whoami()["name"])


@contextmanager
def hub_calls(
    endpoint: str,
    credential: Credential,
    *,
    connect_timeout_s: float,
    timeout_s: float,
    ref: DatasetRef | None = None,
) -> Iterator[HubCalls]:
    """Calls as ``credential``, about ``ref``, all within ``timeout_s``. What goes wrong inside, in a
    call or in reading its answer, becomes an error of ours."""
    token = _deadline.set(_Deadline(connect_timeout_s, timeout_s))
    try:
        yield HubCalls(endpoint, credential)
    except DataferryError:
        raise
    except HFValidationError as error:
        raise missing(ref, credential) from error
    except HfHubHTTPError as error:
        raise refusal(error.response, endpoint, credential, ref) from error
    except httpx2.TimeoutException as error:
        raise timed_out("HuggingFace") from error
    except httpx2.HTTPError as error:
        # From reading a body piece by piece: everything else was raised as ours already.
        raise unreachable("HuggingFace") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # huggingface_hub reads answers without looking at their shape, those that refuse too.
        response = _refused_response(error)
        if response is not None:
            raise refusal(response, endpoint, credential, ref) from error
        raise protocol_error() from error
    finally:
        _deadline.reset(token)


def _refused_response(error: BaseException) -> httpx2.Response | None:
    """The answer over whose body huggingface_hub stumbled, if it refused."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx2.HTTPStatusError):
            return cause.response
        cause = cause.__context__
    return None
