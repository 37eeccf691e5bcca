"""``make bench``: what one search over every source costs beside the slowest of them.

The fake hubs answer after one second. Prints medians of 5, in one run.
"""

import asyncio
import statistics
import time

from dataferry.core.settings import Settings
from dataferry.core.types import Credential, SourceName
from dataferry.sources.catalog import Catalog, build_sources
from tests.support.hubs import make_hubs

RUNS = 5
DELAY_S = 1.0
ANONYMOUS: dict[SourceName, Credential] = {
    "kaggle": Credential("kaggle"),
    "huggingface": Credential("huggingface"),
    "builtin": Credential("builtin"),
}


async def measure(settings: Settings) -> None:
    slowest, together, repeated = [], [], []
    for run in range(RUNS):
        catalog = Catalog(build_sources(settings), settings)
        try:
            alone = [
                await timed(catalog, f"diabetes {run} {source}", source)
                for source in ("kaggle", "huggingface", "builtin")
            ]
            slowest.append(max(alone))
            together.append(await timed(catalog, f"diabetes {run}"))
            repeated.append(await timed(catalog, f"diabetes {run}"))
        finally:
            catalog.close()
    over = statistics.median(together) / statistics.median(slowest)
    print(f"slowest source    {statistics.median(slowest):6.3f} s")
    print(f"all sources       {statistics.median(together):6.3f} s = {over:.3f} ×   goal ≤ 1.05 × + 20 ms")
    print(f"repeated          {statistics.median(repeated) * 1000:6.2f} ms  goal ≤ 10")


async def timed(catalog: Catalog, query: str, *sources: SourceName) -> float:
    began = time.perf_counter()
    await catalog.search(query, credentials=ANONYMOUS, sources=sources or None)
    return time.perf_counter() - began


def main() -> None:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        for fake in (hubs.kaggle, hubs.hub):
            fake.fault("delay", seconds=DELAY_S)
        settings = Settings(
            _env_file=None, hf_endpoint=hubs.hub.url, kaggle_endpoint=hubs.kaggle.url, search_timeout_s=5
        )
        asyncio.run(measure(settings))


if __name__ == "__main__":
    main()
