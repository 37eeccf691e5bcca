"""kagglesdk, made fit for a server: explicit credentials, timeouts, errors of our own tree.

kagglesdk is the client inside the ``kaggle`` package. ``kaggle`` itself is not imported: its
``__init__`` authenticates at import, which without credentials prints twenty lines and makes a folder
in the home directory, with a token asks the network, and afterwards holds one account for the whole
process. kagglesdk has none of that. It takes 0.15 s to import, so that this module is imported when
Kaggle is first asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from kagglesdk.datasets.services.dataset_api_service import DatasetApiClient
from kagglesdk.datasets.types import dataset_api_service as messages
from kagglesdk.datasets.types.dataset_enums import (
    DatasetFileTypeGroup,
    DatasetLicenseGroup,
    DatasetSelectionGroup,
    DatasetSortBy,
)
from kagglesdk.kaggle_env import KaggleEnv
from kagglesdk.kaggle_http_client import KaggleHttpClient
from kagglesdk.security.services.oauth_service import OAuthClient
from kagglesdk.security.types.oauth_service import IntrospectTokenRequest
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3_errors

from dataferry import __version__
from dataferry.core.errors import DataferryError
from dataferry.core.types import Credential, DatasetRef
from dataferry.sources.base import SearchFilters
from dataferry.sources.http_errors import timed_out, unreachable
from dataferry.sources.kaggle_errors import protocol_error, refusal, rejected, told_by
from dataferry.sources.licences import license_family

#: The most files that are listed of one dataset.
FILES_PAGE_SIZE = 200
#: The formats that Kaggle's search can narrow to, and its names for them.
_FILE_TYPES = {"csv": "CSV", "sqlite": "SQLITE", "json": "JSON", "parquet": "PARQUET"}


class KaggleConnection:
    """Connections to one Kaggle endpoint, shared by all its calls. Safe from any thread."""

    def __init__(self, endpoint: str, connect_timeout_s: float) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._connect_timeout_s = connect_timeout_s
        # The pool of connections is safe between threads, a requests.Session is not: one a call.
        self._adapter = HTTPAdapter(pool_maxsize=16)

    @contextmanager
    def calls(
        self, credential: Credential, timeout_s: float, ref: DatasetRef | None = None
    ) -> Iterator["KaggleCalls"]:
        """Calls as ``credential``, about ``ref``. What goes wrong inside, in a call or in reading its
        answer, becomes an error of ours; a socket that is silent for ``timeout_s`` is a timeout."""
        session = _Session(self._adapter, (min(self._connect_timeout_s, timeout_s), timeout_s))
        with _translate_errors(credential, ref):
            yield KaggleCalls(_HttpClient(self._endpoint, credential, session), credential)


class KaggleCalls:
    """The calls that this product makes. Answers are kagglesdk's own objects, unchecked."""

    def __init__(self, http: "_HttpClient", credential: Credential) -> None:
        self._http = http
        self._datasets = DatasetApiClient(http)
        self._credential = credential

    def search(self, text: str, filters: SearchFilters, page_size: int, page_token: str | None) -> Any:
        """One page of ``datasets`` and ``next_page_token``, narrowed and sorted as far as Kaggle can."""
        request = messages.ApiListDatasetsRequest()
        request.search, request.page_size, request.page_token = text, page_size, page_token
        request.min_size, request.max_size = filters.min_bytes, filters.max_bytes
        if filters.sort == "downloads":
            request.sort_by = DatasetSortBy.DATASET_SORT_BY_DOWNLOAD_COUNT
        elif filters.sort == "updated":
            request.sort_by = DatasetSortBy.DATASET_SORT_BY_UPDATED
        file_type = _FILE_TYPES.get((filters.format or "").lower())
        if file_type is not None:
            request.file_type = DatasetFileTypeGroup[f"DATASET_FILE_TYPE_GROUP_{file_type}"]
        group = _license_group(filters.license)
        if group is not None:
            request.license = DatasetLicenseGroup[f"DATASET_LICENSE_GROUP_{group}"]
        return self._datasets.list_datasets(request)

    def formats_of_hits(self, filters: SearchFilters) -> tuple[str, ...]:
        """What a search with ``filters`` says of its hits' formats: they name no files themselves."""
        wanted = (filters.format or "").lower()
        return (wanted,) if wanted in _FILE_TYPES else ()

    def dataset(self, ref: DatasetRef) -> Any:
        return self._datasets.get_dataset(_about(messages.ApiGetDatasetRequest(), ref))

    def files(self, ref: DatasetRef, version: int, token: str | None = None) -> Any:
        """Some ``dataset_files`` of a version, the first ones without a ``token``; ``next_page_token`` where
        there are more."""
        request = _about(messages.ApiListDatasetFilesRequest(), ref)
        request.dataset_version_number, request.page_size = version, FILES_PAGE_SIZE
        if token:
            request.page_token = token
        return self._datasets.list_dataset_files(request)

    def text(self, ref: DatasetRef) -> str:
        answer = self._datasets.get_dataset_metadata(_about(messages.ApiGetDatasetMetadataRequest(), ref))
        return str(answer.info.description) if answer.info else ""

    def download(self, ref: DatasetRef, version: int, file: str | None = None) -> requests.Response:
        """The storage's answer behind Kaggle's redirect, its body unread: the archive of a version, or one
        ``file`` of it. To be closed."""
        request = _about(messages.ApiDownloadDatasetRequest(), ref)
        request.dataset_version_number = version
        if file is not None:
            request.file_name = file
        try:
            response: requests.Response = self._datasets.download_dataset(request)
        except requests.HTTPError as error:
            # Closed: an unread body would hold its connection for as long as somebody holds the error.
            with error.response:
                raise refusal(error, self._credential, ref, files=True) from error
        if not response.history:
            # A page of Kaggle's own, or of a proxy's, comes without a redirect.
            response.close()
            raise protocol_error()
        return response

    def account(self) -> str:
        """Whose the credential is."""
        if self._credential.username:
            # Nothing tells whose a key is, but listing one's own datasets takes a valid one.
            request = messages.ApiListDatasetsRequest()
            request.group, request.page_size = DatasetSelectionGroup.DATASET_SELECTION_GROUP_MY, 1
            self._datasets.list_datasets(request)
            return self._credential.username
        question = IntrospectTokenRequest()
        question.token = self._credential.secret
        try:
            answer = OAuthClient(self._http).introspect_token(question)
        except requests.HTTPError as error:
            status, (page, _words) = error.response.status_code, told_by(error.response)
            if status in (400, 403, 404) and not page:
                raise rejected(self._credential) from error
            raise
        if not answer.active:
            raise rejected(self._credential)
        return str(answer.username)


def _about(request: Any, ref: DatasetRef) -> Any:
    request.owner_slug, request.dataset_slug = ref.owner, ref.name
    return request


def _license_group(wanted: str | None) -> str | None:
    """Kaggle's groups of licences; all that begin with "CC" are one."""
    family = license_family(wanted) or ""
    return "CC" if family.startswith("cc") else {"gpl": "GPL", "odbl": "ODB"}.get(family)


class _Session(requests.Session):
    """A session whose every request, redirects included, has timeouts."""

    def __init__(self, adapter: HTTPAdapter, timeouts: tuple[float, float]) -> None:
        super().__init__()
        self._timeouts = timeouts
        for scheme in ("https://", "http://"):
            self.mount(scheme, adapter)

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        settings["timeout"] = self._timeouts
        return super().send(request, **settings)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Drop the credential on the way to another host, and take none from ``~/.netrc`` instead:
        storages refuse a signed address that comes with one."""
        asked, following = urlsplit(response.url), urlsplit(prepared_request.url or "")
        if (asked.scheme, asked.netloc) != (following.scheme, following.netloc):
            prepared_request.headers.pop("Authorization", None)


class _HttpClient(KaggleHttpClient):  # type: ignore[misc]
    """kagglesdk's own HTTP client with our endpoint, session and credential.

    Left to itself it would prefer a token from the environment or ``~/.kaggle`` to the one it is
    given, also for an anonymous call. It looks for one when it opens its session; ours is open.
    """

    def __init__(self, endpoint: str, credential: Credential, session: requests.Session) -> None:
        super().__init__(env=KaggleEnv.PROD, user_agent=f"dataferry/{__version__}")
        self._endpoint = endpoint
        self._session = session
        # "identity": Content-Length is to be the file's own size.
        session.headers.update(
            {
                "User-Agent": self._user_agent,
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",
            }
        )
        if credential.secret is not None and credential.username:
            session.auth = (credential.username, credential.secret)
        elif credential.secret is not None:
            session.auth = KaggleHttpClient.BearerAuth(credential.secret)

    def _prepare_response(self, response_type: Any, http_response: requests.Response) -> Any:
        # The status first: kagglesdk looks into an error's body before, and fails where that is no JSON.
        http_response.raise_for_status()
        return super()._prepare_response(response_type, http_response)


@contextmanager
def _translate_errors(credential: Credential, ref: DatasetRef | None) -> Iterator[None]:
    """Turn whatever kagglesdk raises into an error of ours. ``ref`` is the dataset asked about."""
    try:
        yield
    except DataferryError:
        raise
    except requests.HTTPError as error:
        raise refusal(error, credential, ref) from error
    except requests.exceptions.InvalidJSONError as error:
        raise protocol_error() from error
    except (requests.Timeout, urllib3_errors.ReadTimeoutError) as error:
        raise timed_out("Kaggle") from error
    except (requests.RequestException, urllib3_errors.HTTPError) as error:
        # urllib3's own come from reading a body that requests has not touched.
        certificate = isinstance(error, requests.exceptions.SSLError)
        raise unreachable("Kaggle", certificate=certificate) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # kagglesdk reads answers without looking at their shape.
        raise protocol_error() from error
