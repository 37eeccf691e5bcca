"""What routes are handed: the services, who asks, and the base of request bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict
from starlette.requests import HTTPConnection

from dataferry.accounts.views import SignedIn, UserView
from dataferry.api.conditional import Handle, readable
from dataferry.api.connections import sign_in
from dataferry.api.idempotency import idempotency_key, once
from dataferry.api.problems import PROBLEM_RESPONSES
from dataferry.api.query_parameters import names_of, refuse_unknown
from dataferry.api.scopes import check_scope
from dataferry.core.errors import NotSignedIn
from dataferry.core.migrate import check_version
from dataferry.core.types import Viewer
from dataferry.library.rows import check_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from dataferry.accounts.credentials import CredentialResolver
    from dataferry.accounts.kept_answers import KeptAnswers
    from dataferry.accounts.service import Accounts
    from dataferry.analysis.wiring import Analysis
    from dataferry.annotations.service import Annotations
    from dataferry.chat.model_choice import ModelChoices
    from dataferry.chat.model_setup import ModelSetup
    from dataferry.chat.service import ChatService
    from dataferry.chat.shared_threads import SharedThreads
    from dataferry.core.db import Database
    from dataferry.core.paging import Cursors
    from dataferry.core.settings import Settings
    from dataferry.explorer.asking import Asking
    from dataferry.explorer.dataset_images import DatasetImages
    from dataferry.explorer.health.service import Health
    from dataferry.explorer.named_pictures import PictureFinder
    from dataferry.explorer.picture_service import SamplePictures
    from dataferry.explorer.query_processes import QueryProcesses
    from dataferry.explorer.samples import SampleGallery
    from dataferry.explorer.sequences import Sequences
    from dataferry.explorer.service import Tables
    from dataferry.imaging.sandbox import Sandbox
    from dataferry.jobs.service import Jobs
    from dataferry.library.additions.service import Additions
    from dataferry.library.all_previews import Previews
    from dataferry.library.archives import Archives
    from dataferry.library.builtin_datasets import BuiltinDatasets
    from dataferry.library.checks import Checks
    from dataferry.library.cleanup import Cleanup
    from dataferry.library.comparisons import Comparisons
    from dataferry.library.croissant import Croissants
    from dataferry.library.downloads import Downloads
    from dataferry.library.history import DownloadHistory
    from dataferry.library.imports import Imports
    from dataferry.library.last_use import LastUse
    from dataferry.library.model_search import ModelSearch
    from dataferry.library.paths import Store
    from dataferry.library.pins import Pins
    from dataferry.library.plans import Plans
    from dataferry.library.pruning import Pruning
    from dataferry.library.readmes import Readmes
    from dataferry.library.search import DatasetSearch
    from dataferry.library.search_index.schedule import UpdateSchedule
    from dataferry.library.search_index.service import SearchIndex
    from dataferry.library.sharing import Sharing
    from dataferry.library.shelf import Shelf
    from dataferry.library.snippets import SnippetWriter
    from dataferry.library.speed_limits import SpeedLimits
    from dataferry.library.upstream import Upstream
    from dataferry.library.verdicts import Verdicts
    from dataferry.library.versions.service import Versions
    from dataferry.mcp.service import McpServer
    from dataferry.mirror.service import Mirror
    from dataferry.plugins import Plugins
    from dataferry.privacy.service import Privacy
    from dataferry.realtime import Realtime
    from dataferry.sources.catalog import Catalog
    from dataferry.uploads.service import Uploads


@dataclass(frozen=True, slots=True)
class Services:
    """Every service of one application; on ``app.state.services``."""

    accounts: Accounts
    kept_answers: KeptAnswers
    store: Store
    search: DatasetSearch
    model_search: ModelSearch
    comparisons: Comparisons
    downloads: Downloads
    imports: Imports
    additions: Additions
    plans: Plans
    verdicts: Verdicts
    shelf: Shelf
    previews: Previews
    checks: Checks
    tables: Tables
    pictures: PictureFinder
    samples: SampleGallery
    images: DatasetImages
    sample_pictures: SamplePictures
    sandbox: Sandbox
    health: Health
    sequences: Sequences
    snippets: SnippetWriter
    query_processes: QueryProcesses
    asking: Asking
    upstream: Upstream
    versions: Versions
    archives: Archives
    croissants: Croissants
    last_use: LastUse
    pins: Pins
    mirror: Mirror
    pruning: Pruning
    history: DownloadHistory
    sharing: Sharing
    cleanup: Cleanup
    readmes: Readmes
    speed_limits: SpeedLimits
    index: SearchIndex
    index_schedule: UpdateSchedule
    jobs: Jobs
    catalog: Catalog
    plugins: Plugins
    builtin: BuiltinDatasets
    chat: ChatService
    threads: SharedThreads
    mcp: McpServer
    models: ModelChoices
    model: ModelSetup
    realtime: Realtime
    uploads: Uploads
    annotations: Annotations
    analysis: Analysis
    privacy: Privacy
    credentials: CredentialResolver
    settings: Settings
    database: Database
    cursors: Cursors

    def check(self) -> None:
        """Whether a start can succeed. Blocks. Errors: ``DatabaseAway``, ``ConfigError``."""
        self.database.check()
        self.database.read(check_version)
        self.database.read(check_sources)

    def close(self) -> None:
        """Give back processes, threads and connections, once nothing is at work any more. Blocks."""
        self.last_use.close()  # what it is still to write down needs the database
        self.query_processes.close()
        self.sandbox.close()
        self.analysis.close()
        self.catalog.close()
        self.accounts.close()
        self.database.close()


def services(request: Request) -> Services:
    """The services of the application that answers."""
    return cast(Services, request.app.state.services)


Wired = Annotated[Services, Depends(services)]


_bearer = OAuth2PasswordBearer(tokenUrl="/api/auth/token", auto_error=False)


async def access_token(token: Annotated[str | None, Depends(_bearer)]) -> str:
    """The bearer token, not checked yet. Errors: ``NotSignedIn`` where there is none."""
    if not token:
        raise NotSignedIn("The request carries no token.", next_step="Sign in at /api/auth/token.")
    return token


AccessToken = Annotated[str, Depends(access_token)]


async def current_sign_in(_token: AccessToken, request: Request) -> SignedIn:
    """Who asks, and with what token, which ``TokenFirst`` has checked."""
    return cast(SignedIn, request.state.signed_in)


Signed = Annotated[SignedIn, Depends(current_sign_in)]

#: See ``reader``.
FILE_COOKIE = "dataferry_files"


async def reader(request: Request, _token: Annotated[str | None, Depends(_bearer)]) -> Viewer:
    """Who reads a dataset's files: by a bearer token, or by the cookie of a browser that downloads them and
    can send no header. ``TokenFirst`` has checked it."""
    return cast(SignedIn, request.state.signed_in).viewer


Reader = Annotated[Viewer, Depends(reader)]


async def current_user(signed_in: Signed) -> UserView:
    """The account behind the bearer token."""
    return signed_in.user


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from; behind a trusted proxy, where that says it does."""
    return connection.client.host if connection.client else ""


def _name_of(route: APIRoute) -> str:
    return route.name


class TokenFirst(APIRoute):
    """The class of every route: what needs a token has it and its scope checked before a byte of the body is
    read, a query parameter that it does not have is refused, what is read has an ``ETag``, and what creates
    heeds an ``Idempotency-Key``.

    FastAPI reads and parses the body before it calls a dependency (fastapi/fastapi#4941). The description
    calls a route by its name alone, and says that it may answer a problem.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        options["responses"] = PROBLEM_RESPONSES | (options.get("responses") or {})
        super().__init__(path, endpoint, **options | {"generate_unique_id_function": _name_of})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = self._known_parameters_only(super().get_route_handler())
        if "GET" in (self.methods or ()):
            handle = readable(handle)
        by_cookie = _depends_on(self.dependant, reader)
        if not by_cookie and not _depends_on(self.dependant, access_token):
            return handle
        if _depends_on(self.dependant, idempotency_key):
            handle = once(handle, lambda request: services(request).kept_answers)
        name = self.name

        async def token_first(request: Request) -> Response:
            accounts = services(request).accounts
            token, cookie = await _bearer(request), request.cookies.get(FILE_COOKIE)
            if by_cookie and cookie and not token:
                signed_in = await accounts.authenticate_file_token(cookie, request.path_params["key"])
            else:
                token = await access_token(token)
                signed_in = await accounts.authenticate(token, address=address_of(request))
            sign_in(request.scope, signed_in.user.id)
            check_scope(name, signed_in)
            request.state.signed_in = signed_in
            return await handle(request)

        return token_first

    def _known_parameters_only(self, handle: Handle) -> Handle:
        known = names_of(self.dependant)

        async def known_only(request: Request) -> Response:
            refuse_unknown(request, known)
            return await handle(request)

        return known_only


def _depends_on(dependant: Dependant, dependency: Callable[..., Any]) -> bool:
    return any(inner.call is dependency or _depends_on(inner, dependency) for inner in dependant.dependencies)


async def current_viewer(signed_in: Signed) -> Viewer:
    """Who asks, as services want to know it. Errors: ``NotSignedIn``."""
    return signed_in.viewer


Current = Annotated[Viewer, Depends(current_viewer)]


class RequestBody(BaseModel):
    """Base of request bodies: a field that is not declared is refused."""

    model_config = ConfigDict(extra="forbid")
