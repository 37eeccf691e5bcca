"""The only place that wires services, routes, handlers and workers together."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from dataferry import __version__
from dataferry.accounts.credentials import CredentialResolver
from dataferry.accounts.kept_answers import KeptAnswers
from dataferry.accounts.personal_data import accounts_data
from dataferry.accounts.security import Secrets
from dataferry.accounts.service import Accounts
from dataferry.analysis.wiring import build_analysis
from dataferry.annotations.personal_data import annotation_data
from dataferry.annotations.service import Annotations
from dataferry.api.all_routes import ALL_ROUTES, OF_DATASETS
from dataferry.api.compression import CompressedJson
from dataferry.api.conditional import HeadRequests
from dataferry.api.deps import Services
from dataferry.api.problems import install_problems
from dataferry.api.request_guard import RequestGuard
from dataferry.api.request_ids import RequestIds
from dataferry.api.security_headers import SecurityHeaders
from dataferry.api.slashed_refs import SlashedRefs
from dataferry.api.socket import install_socket
from dataferry.api.static import install_page
from dataferry.chat.model_choice import ModelChoices
from dataferry.chat.model_setup import ModelSetup
from dataferry.chat.personal_data import chat_data
from dataferry.chat.service import ChatService
from dataferry.chat.shared_threads import SharedThreads
from dataferry.chat.sql_writer import ModelSqlWriter
from dataferry.core import start_warnings
from dataferry.core.connection_budget import pool_threads
from dataferry.core.db import Database
from dataferry.core.lock import make_data_folder
from dataferry.core.migrate import upgrade
from dataferry.core.paging import Cursors
from dataferry.core.personal_data import PersonalDataRegister
from dataferry.core.settings import Settings
from dataferry.explorer.asking import Asking
from dataferry.explorer.catalog import TableCatalog
from dataferry.explorer.dataset_images import DatasetImages
from dataferry.explorer.folders import TableFolders
from dataferry.explorer.handler import TablesHandler
from dataferry.explorer.health.handler import HealthHandler
from dataferry.explorer.health.likeness import Likeness
from dataferry.explorer.health.service import Health
from dataferry.explorer.named_pictures import PictureFinder
from dataferry.explorer.personal_data import explorer_data
from dataferry.explorer.picture_service import SamplePictures
from dataferry.explorer.query_processes import QueryProcesses
from dataferry.explorer.samples import SampleGallery
from dataferry.explorer.sequences import Sequences
from dataferry.explorer.service import Tables
from dataferry.explorer.sql_processes import SqlLimits, SqlProcesses
from dataferry.imaging.cache import DiskCache
from dataferry.imaging.sandbox import Sandbox
from dataferry.jobs.service import Jobs
from dataferry.library.access import Access
from dataferry.library.additions.personal_data import additions_data
from dataferry.library.additions.service import Additions
from dataferry.library.all_previews import Previews
from dataferry.library.archives import Archives
from dataferry.library.builtin_datasets import BuiltinDatasets
from dataferry.library.checks import Checks
from dataferry.library.cleanup import Cleanup
from dataferry.library.comparisons import Comparisons
from dataferry.library.croissant import Croissants
from dataferry.library.downloads import Downloads
from dataferry.library.erasing import LibraryErasure
from dataferry.library.handlers import Handlers
from dataferry.library.history import DownloadHistory
from dataferry.library.imports import Imports
from dataferry.library.known import register_known
from dataferry.library.last_use import LastUse
from dataferry.library.looks import Looks
from dataferry.library.model_search import ModelSearch
from dataferry.library.paths import Store
from dataferry.library.personal_data import JobsOfPersons
from dataferry.library.pins import Pins
from dataferry.library.plans import Plans
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.pruning import Pruning
from dataferry.library.quota import Quotas
from dataferry.library.readmes import Readmes
from dataferry.library.remote_previews import RemotePreviews
from dataferry.library.search import DatasetSearch
from dataferry.library.search_index.building import IndexBuilder
from dataferry.library.search_index.schedule import UpdateSchedule
from dataferry.library.search_index.service import SearchIndex
from dataferry.library.service import Library
from dataferry.library.sharing import Sharing
from dataferry.library.shelf import Shelf
from dataferry.library.snapshots import Snapshots
from dataferry.library.snippets import SnippetWriter
from dataferry.library.speed_limits import SpeedLimits
from dataferry.library.upstream import Upstream
from dataferry.library.verdicts import Verdicts
from dataferry.library.verification import Verification
from dataferry.library.versions.service import Versions
from dataferry.library.visible import VisibleDatasets
from dataferry.mcp.service import McpServer
from dataferry.mirror.pulls import Pulls
from dataferry.mirror.service import Mirror
from dataferry.plugins import installed_plugins
from dataferry.privacy.erasing import ErasureHandler
from dataferry.privacy.service import Privacy
from dataferry.realtime import Realtime
from dataferry.sources.catalog import Catalog, build_sources, find_index
from dataferry.tools.services import LocalServices
from dataferry.uploads.service import build_uploads


def build_services(settings: Settings) -> Services:
    """Every service, in the order of the import law; nothing is opened or started yet."""
    database = Database(
        settings.sqlalchemy_url, threads=pool_threads(settings), wait_s=settings.database_wait_s
    )
    secrets = Secrets(settings)
    realtime = Realtime(settings)
    index_files = find_index(settings)
    found_plugins = installed_plugins(settings)
    catalog = Catalog(build_sources(settings), settings, index=index_files)
    jobs = Jobs(database, settings, realtime)
    accounts = Accounts(database, settings, bus=realtime.bus)
    credentials = CredentialResolver(database, settings, secrets)
    speed_limits = SpeedLimits(database, settings, jobs)
    store = Store(settings.store)
    private_urls = PrivateUrls(secrets)
    access = Access(database, catalog, credentials)
    search = DatasetSearch(database, catalog, jobs, credentials, private_urls)
    model_search = ModelSearch(catalog, credentials)
    verdicts = Verdicts(database, settings, store, catalog, jobs, credentials, private_urls)
    quotas = Quotas(database, settings, jobs)
    downloads = Downloads(database, settings, store, catalog, jobs, credentials, access, private_urls, quotas)
    last_use = LastUse(database)
    shelf = Shelf(database, settings, store, jobs, accounts, access, last_use)
    file_checks = Checks(database, jobs, access, Looks(database, store, jobs), downloads)
    Verification(database, store, catalog, credentials, private_urls).register(jobs)
    handlers = Handlers(
        database, store, catalog, credentials, private_urls, settings, speed_limits, quotas, found_plugins
    )
    handlers.register(jobs)
    index = SearchIndex(database, settings, store, catalog, index_files, jobs, credentials)
    index_builder = IndexBuilder(database, settings, store, catalog, credentials, speed_limits)
    jobs.register("index", index_builder.build)
    folders = TableFolders(store)
    tables_handler = TablesHandler(database, store, settings, folders)
    tables_handler.register(jobs)
    processes = QueryProcesses(store.root)
    models = ModelChoices(settings, database, secrets)
    whole_tables = Tables(database, store, jobs, access, folders, processes)
    sql_limits = SqlLimits(seconds=settings.query_timeout_s)
    sql_processes = SqlProcesses(store.scratch, sql_limits)
    table_questions = Asking(whole_tables, sql_processes, ModelSqlWriter(models, settings))
    remote_previews = RemotePreviews(database, catalog, credentials, private_urls)
    previews = Previews(database, shelf, remote_previews, access)
    images = DatasetImages(database, store, found_plugins, access, remote_previews)
    sandbox = Sandbox()
    comparisons = Comparisons(search, catalog, credentials, previews)
    library = Library(search, model_search, verdicts, comparisons, downloads, shelf, previews)
    health = Health(database, store, jobs, access, downloads)
    versions = Versions(database, store, jobs, accounts, access)
    local = LocalServices(table_questions, health, versions)
    chat = ChatService(
        database,
        settings,
        library,
        jobs,
        models=models,
        secrets=secrets,
        local=local,
        changed=realtime.publish_change,
    )
    threads = SharedThreads(database, chat, accounts, VisibleDatasets(database, access), library, realtime)
    builtin = BuiltinDatasets(database, found_plugins, search, access)
    health_handler = HealthHandler(
        database, store, images, TableCatalog(store, folders), tables_handler.prepare, sandbox
    )
    health_handler.register(jobs)
    drawn = DiskCache(store.root / ".images" / "drawn", settings.picture_cache_bytes)
    additions = Additions(database, settings, store, jobs, accounts, access, quotas)
    uploads = build_uploads(database, settings, secrets, sandbox, additions)
    analysis = build_analysis(
        database,
        settings,
        jobs,
        uploads,
        Likeness(database, store, access, health),
        speed_limits,
        sandbox,
    )
    jobs_of_persons = JobsOfPersons(database, jobs)
    # What each part keeps of a person, in the order in which it is erased: the account goes last.
    personal_data = PersonalDataRegister(
        LibraryErasure(database, store, jobs, handlers.removal).personal_data,
        additions_data(database, store),
        explorer_data(database, store, drawn, [tables_handler.sweep, health_handler.sweep]),
        jobs_of_persons.personal_data,
        chat_data(database),
        annotation_data(database, secrets),
        uploads.personal_data,
        accounts_data(database),
    )
    erasures = ErasureHandler(database, jobs, personal_data, jobs_of_persons, settings.data_dir)
    return Services(
        accounts=accounts,
        kept_answers=KeptAnswers(database, secrets),
        store=store,
        search=search,
        model_search=model_search,
        comparisons=comparisons,
        downloads=downloads,
        imports=Imports(database, store, jobs),
        additions=additions,
        plans=Plans(database, settings, store, catalog, credentials, private_urls),
        verdicts=verdicts,
        shelf=shelf,
        previews=previews,
        tables=whole_tables,
        pictures=PictureFinder(database, store, whole_tables),
        samples=SampleGallery(builtin, images, remote_previews, downloads, jobs),
        images=images,
        sample_pictures=SamplePictures(images, sandbox, drawn),
        sandbox=sandbox,
        health=health,
        sequences=Sequences(database, access, downloads, jobs, found_plugins),
        snippets=SnippetWriter(database, found_plugins, access),
        query_processes=processes,
        asking=table_questions,
        archives=Archives(database, store, access, last_use),
        croissants=Croissants(shelf, previews),
        last_use=last_use,
        pins=Pins(database, access),
        mirror=Mirror(
            Snapshots(database, store, access, last_use),
            Pulls(settings, catalog, credentials, access, downloads, jobs),
        ),
        checks=file_checks,
        upstream=Upstream(database, settings, catalog, credentials, access),
        versions=versions,
        sharing=Sharing(database, access, accounts),
        history=DownloadHistory(database),
        pruning=Pruning(database, jobs, access),
        cleanup=Cleanup(database, settings, jobs, access),
        readmes=Readmes(database, store, search, access),
        speed_limits=speed_limits,
        index=index,
        index_schedule=UpdateSchedule(database, settings, jobs, index, speed_limits),
        jobs=jobs,
        catalog=catalog,
        plugins=found_plugins,
        builtin=builtin,
        chat=chat,
        threads=threads,
        mcp=McpServer(library, jobs, settings, secrets.subkey("mcp"), local),
        models=models,
        model=ModelSetup(models, settings),
        realtime=realtime,
        uploads=uploads,
        annotations=Annotations(database, access, accounts, secrets),
        analysis=analysis,
        privacy=Privacy(database, secrets, accounts, jobs, personal_data, erasures),
        credentials=credentials,
        settings=settings,
        database=database,
        cursors=Cursors(secrets.subkey("cursor")),
    )


@asynccontextmanager
async def started(wired: Services, *, worker: bool, answers: bool = True) -> AsyncIterator[None]:
    """Services at work: schema, jobs and, where ``answers`` is true, chat."""
    make_data_folder(wired.settings.data_dir)  # before the store in it
    wired.store.prepare()
    start_warnings.warn(wired.settings)
    await asyncio.to_thread(upgrade, wired.database)
    await asyncio.to_thread(start_warnings.warn_of_connections, wired.database, wired.settings)
    await asyncio.to_thread(wired.speed_limits.start)
    await wired.jobs.start(worker=worker)
    if worker:
        wired.index_schedule.start()
        wired.cleanup.start()
        await asyncio.to_thread(wired.uploads.retention.start)
        wired.additions.start()
    if answers:
        await asyncio.to_thread(register_known, wired.database, wired.plugins)
        await wired.chat.start()
    try:
        yield
    finally:
        if answers:
            await wired.mcp.stop()
            await wired.chat.stop()
        await asyncio.to_thread(wired.index_schedule.stop)
        await asyncio.to_thread(wired.cleanup.stop)
        await asyncio.to_thread(wired.uploads.retention.stop)
        await asyncio.to_thread(wired.additions.stop)
        await wired.jobs.stop()
        await asyncio.to_thread(wired.speed_limits.stop)
        await wired.credentials.close()
        await asyncio.to_thread(wired.close)


def create_app(settings: Settings, *, worker: bool = True) -> FastAPI:
    """The application. With ``worker`` false it takes jobs in but leaves them to other processes."""
    wired = build_services(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with started(wired, worker=worker):
            yield

    app = FastAPI(
        title="Dataferry",
        version=__version__,
        summary="Ask for a dataset in words; it arrives on your own machine, verified.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.services = wired
    install_problems(app)
    for router in ALL_ROUTES:
        # As they are: ``include_router`` would make each route once more, a quarter of a second of a start.
        app.router.routes.extend(router.routes)
    install_socket(
        app,
        realtime=wired.realtime,
        topics={"job": wired.jobs.snapshot, "user": wired.jobs.snapshot, "chat": wired.threads.snapshot},
        admit=wired.accounts.open_by_ticket,
        admit_token=wired.accounts.open_by_token,
    )
    _describe(app)
    install_page(app)
    app.add_middleware(CompressedJson)
    app.add_middleware(HeadRequests)
    app.add_middleware(SlashedRefs, routes=[route for router in OF_DATASETS for route in router.routes])
    app.add_middleware(RequestGuard, allowed_hosts=settings.host_names)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestIds)
    # Outermost: the others see the true client and scheme. Nobody is believed by default, not even loopback.
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.proxy_networks)
    return app


def _describe(app: FastAPI) -> None:
    """Let the OpenAPI document say all, once somebody asks for it."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            from dataferry.api.document import finished  # what only the document needs

            app.openapi_schema = finished(make())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's way to extend the document


def openapi_document() -> str:
    """The API's description, from which the page's types are made."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), _env_file=None))
        return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_document())
