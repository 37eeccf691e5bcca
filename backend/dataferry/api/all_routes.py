"""Every route, in the order in which they are looked for."""

from dataferry.api.routes import (
    analysis,
    annotations,
    asking,
    auth,
    bundles,
    chats,
    checks,
    comparisons,
    croissant,
    dataset_health,
    datasets,
    files,
    health,
    history,
    index,
    jobs,
    mcp,
    mirror,
    model,
    models,
    pins,
    plans,
    plugins,
    registry,
    repositories,
    retention,
    samples,
    sequences,
    sharing,
    sources,
    tables,
    transfer,
    upload,
    uploads,
    versions,
)

#: Their paths may have a ref.
OF_DATASETS = tuple(
    routes.router
    for routes in (
        plans,
        comparisons,
        datasets,
        checks,
        files,
        croissant,
        registry,
        pins,
        repositories,
        samples,
        dataset_health,
        versions,
        sequences,
        sharing,
        annotations,
        tables,
        asking,
    )
)
#: Clients ask the mirror twice for each of thousands of files.
ALL_ROUTES = (
    mirror.router,
    *OF_DATASETS,
    sequences.images,
    samples.images,
    annotations.uploads,
    *(
        routes.router
        for routes in (
            auth,
            bundles,
            chats,
            plugins,
            models,
            jobs,
            transfer,
            retention,
            history,
            sources,
            index,
            model,
            health,
            mcp,
            upload,
            analysis,
            uploads,
        )
    ),
)
