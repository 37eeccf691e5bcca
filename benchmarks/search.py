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
    for _ in range(RUNS):
        slowest.append(max([(await timed(settings, source))[0] for source in ANONYMOUS]))
        first, again = await timed(settings)
        together.append(first)
        repeated.append(again)
    over = statistics.median(together) / statistics.median(slowest)
    print(f"slowest source    {statistics.median(slowest):6.3f} s")
    print(f"all sources       {statistics.median(together):6.3f} s = {over:.3f} ×   goal ≤ 1.05 × + 20 ms")
    print(f"repeated          {statistics.median(repeated) * 1000:6.2f} ms  goal ≤ 10")


async def timed(settings: Settings, *sources: SourceName) -> tuple[float, float]:
    """Seconds of a search that nobody made before, and of the same one again."""
    catalog = Catalog(build_sources(settings), settings)
    try:
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            await catalog.search("diabetes", credentials=ANONYMOUS, sources=sources or None)
            seconds.append(time.perf_counter() - began)
        return seconds[0], seconds[1]
    finally:
        catalog.close()


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
