"""What is measured. Each workload's first tool is its reference."""

import math
from collections.abc import Callable
from dataclasses import replace

from benchmarks.transfer import commands
from benchmarks.transfer.bench import Bench
from benchmarks.transfer.commands import HF_ENVIRONMENT
from benchmarks.transfer.killing import kill
from benchmarks.transfer.measuring import MB, Row, Tool, sha256_s_per_gb
from benchmarks.transfer.outcome import Goal, Outcome, compare
from benchmarks.transfer.quota_hub import QuotaHub
from benchmarks.transfer.server import CHUNK, FAST_EDGE, LIMIT, SLOW_EDGE, SLOW_SHARE, Server

OURS = "dataferry"
#: Megabytes that the engine may add to an idle process.
MEMORY_MB = 64.0
LIMITED_CONNECTIONS = 16
ZIP_CONNECTIONS = 8
EDGE_CONNECTIONS = 8


def large(bench: Bench) -> Outcome:
    """One large file."""
    file = bench.large.file
    with bench.serving() as server:
        rows = bench.measure(_large_tools(bench, server))
    goals = [
        compare(f"large: time, {OURS} / curl unverified", rows, OURS, "curl", 1.2),
        compare(f"large: time, hf download / {OURS}", rows, "hf download", OURS, 2.2, at_most=False),
        compare(f"large: time, kagglehub / {OURS}", rows, "kagglehub", OURS, 2.2, at_most=False),
        compare(f"large: CPU, {OURS} / hf download", rows, OURS, "hf download", 0.6, by="cpu_s_per_gb"),
    ]
    lines = [
        f"one file of {file.size / MB:.0f} MB; hf without Xet, whose servers are not here",
        *_least(rows),
    ]
    return Outcome(list(rows.values()), goals, lines)


def _least(rows: dict[str, Row]) -> list[str]:
    """What no program can go below that hashes what it brings."""
    hashing = sha256_s_per_gb()
    others = [row for name, row in rows.items() if name != OURS]
    if not others:
        return []
    leanest = min(others, key=lambda row: row.cpu_s_per_gb)
    least = hashing + leanest.cpu_s_per_gb
    text = f"hashlib's SHA-256 alone takes {hashing:.2f} CPU s/GB here, {leanest.tool} without any hash"
    text += f" {leanest.cpu_s_per_gb:.2f}: together {least:.2f}"
    if "hf download" in rows:
        text += f" = {least / rows['hf download'].cpu_s_per_gb:.2f} × hf download"
    return [text]


def _large_tools(bench: Bench, server: Server) -> list[Tool]:
    file, peers = bench.large.file, bench.peers
    url = f"{server.address}/large/{file.path}"
    google = f"{server.address}/google/large/{file.path}"
    hf = {**HF_ENVIRONMENT, "HF_ENDPOINT": server.address}

    def tool(name: str, command: commands.Command, note: str, *, hashed: bool = False) -> Tool:
        return Tool(name, command, [file], file.size, note=note, hashed=hashed, required=name == OURS)

    tools = []
    if peers.has("curl"):
        tools.append(tool("curl", commands.curl(url), "nothing verified", hashed=True))
    ours = commands.ours(f"{server.address}/large", [file], 4)
    tools.append(tool(OURS, ours, "SHA-256, 4 connections", hashed=True))
    if peers.has("curl", "sha256sum"):
        command = commands.curl(url, then=f"sha256sum {file.path}")
        tools.append(tool("curl && sha256sum", command, "SHA-256"))
    if peers.has("aria2c"):
        promised = f"--checksum=sha-256={file.sha256}"
        tools.append(tool("aria2c -x4", commands.aria2c(url, 4), "nothing verified"))
        tools.append(tool("aria2c -x4 --checksum", commands.aria2c(url, 4, promised), "SHA-256"))
    if peers.has("hf"):
        tools.append(
            Tool("hf download", commands.hf_download("ada/large"), [file], file.size, hf, note="size")
        )
    python = peers.kagglehub
    if python is not None:
        tools.append(tool("kagglehub", commands.replayed(python, "kagglehub", google), "MD5"))
    if peers.has("kaggle"):
        here = commands.python()
        tools.append(tool("kaggle", commands.replayed(here, "kaggle", google), "size"))
    if peers.has("rclone"):
        tools.append(tool("rclone copyurl", commands.rclone_one(url), "size"))
    return tools


def limited(bench: Bench) -> Outcome:
    """A server that gives each connection 20 MiB/s and pauses 20 ms before each answer."""
    file, peers, many = bench.large.file, bench.peers, LIMITED_CONNECTIONS
    part = min(file.size, 2**26)
    with bench.serving() as server:
        url = f"{server.limited}/large/{file.path}"
        command = commands.ours(f"{server.limited}/large", [file], many)
        note = f"SHA-256, {many} connections"
        ours = Tool(OURS, command, [file], file.size, hashed=True, required=True, note=note)
        tools = [ours]
        if peers.has("aria2c"):
            name = f"aria2c -x{many}"
            tools.append(Tool(name, commands.aria2c(url, many), [file], file.size, note="nothing verified"))
        if peers.has("curl"):
            first = commands.curl(url, "-r", f"0-{part - 1}")
            taken = replace(file, size=part)
            tools.append(
                Tool("curl", first, [taken], part, once=True, note=f"the first {part / MB:.0f} MB, once")
            )
        rows = bench.measure(tools)
        server.answers()
        bench.measure_once(ours)
        answers = len(server.answers())
    nominal = many * LIMIT / MB
    mine = rows[OURS]
    goals = [
        Goal("limited: rate over connections × limit", mine.rate / nominal, 0.95, at_most=False),
        compare(
            f"limited: rate, {OURS} / aria2c -x{many}",
            rows,
            OURS,
            f"aria2c -x{many}",
            1.2,
            by="rate",
            at_most=False,
        ),
    ]
    gift = answers * CHUNK / file.size
    lines = [
        f"{many} × {LIMIT / MB:.1f} = {nominal:.0f} MB/s; nginx lets the last {CHUNK // 1024} KiB of each"
        f" answer pass at once: {gift:.1%} of the file in our {answers:.0f} answers",
    ]
    if mine.inner_s:
        lines.append(f"inside a running process {file.size / MB / mine.inner_s / nominal:.3f} × of it")
    return Outcome(list(rows.values()), goals, lines)


def edges(bench: Bench) -> Outcome:
    """A storage of which each new connection draws a slow edge with probability 0.7."""
    file, peers, many = bench.large.file, bench.peers, EDGE_CONNECTIONS
    with bench.serving() as server:
        url = f"{server.edges}/large/{file.path}"
        fast = commands.ours(f"{server.fast_edges}/large", [file], many)
        note = f"SHA-256, {many} connections"
        tools = [
            Tool(f"{OURS}, all fast", fast, [file], file.size, required=True, note=note),
            Tool(
                OURS,
                commands.ours(f"{server.edges}/large", [file], many),
                [file],
                file.size,
                hashed=True,
                required=True,
                note=note,
            ),
        ]
        if peers.has("aria2c"):
            name = f"aria2c -x{many}"
            tools.append(Tool(name, commands.aria2c(url, many), [file], file.size, note="nothing verified"))
        if peers.has("curl"):
            part = min(file.size, 2**27)
            first = commands.curl(url, "-r", f"0-{part - 1}")
            taken = replace(file, size=part)
            tools.append(
                Tool("curl", first, [taken], part, once=True, note=f"the first {part / MB:.0f} MB, once")
            )
        rows = bench.measure(tools)
    what = f"edges: rate, {OURS} / {OURS} where all are fast"
    goals = [compare(what, rows, OURS, f"{OURS}, all fast", 0.8, by="rate", at_most=False)]
    slow, quick = SLOW_EDGE / MB, FAST_EDGE / MB
    lines = [
        f"{slow:.1f} MB/s with probability {SLOW_SHARE}, else {quick:.0f} MB/s, for each new connection;"
        f" {many} fast ones bring {many * quick:.0f} MB/s"
    ]
    return Outcome(list(rows.values()), goals, lines)


def small(bench: Bench) -> Outcome:
    """Many small files."""
    files = bench.small
    with bench.serving() as server:
        rows = bench.measure(_small_tools(bench, server))
    reference = "curl -Z"
    goals = [
        compare(f"small: time, hf download / {OURS}", rows, "hf download", OURS, 8, at_most=False),
        compare(f"small: time, {OURS} / {reference}", rows, OURS, reference, 1.2),
    ]
    return Outcome(list(rows.values()), goals, [_of_files(len(files)), *_inner(rows, reference)])


def _small_tools(bench: Bench, server: Server) -> list[Tool]:
    files, peers = bench.small, bench.peers
    base, size = f"{server.address}/small", sum(file.size for file in files)
    hf = {**HF_ENVIRONMENT, "HF_ENDPOINT": server.address}
    tools = _curl_and_ours(bench, base)
    if peers.has("aria2c"):
        tools.append(Tool("aria2c -j16", commands.aria2c_many(base, files, 16), files, size, note="size"))
    if peers.has("hf"):
        tools.append(Tool("hf download", commands.hf_download("ada/small"), files, size, hf, note="size"))
    if peers.has("rclone"):
        tools.append(Tool("rclone copy", commands.rclone_many(base, 16), files, size, note="16 transfers"))
    return tools


def small_latency(bench: Bench) -> Outcome:
    """Many small files, each after a pause of 20 ms."""
    files = bench.small
    with bench.serving() as server:
        rows = bench.measure(_curl_and_ours(bench, f"{server.late}/small"))
    return Outcome(list(rows.values()), [], [_of_files(len(files)), *_inner(rows, "curl -Z")])


def _curl_and_ours(bench: Bench, base: str) -> list[Tool]:
    files, size = bench.small, sum(file.size for file in bench.small)
    tools = []
    if bench.peers.has("curl"):
        command = commands.curl_many(base, files, 16)
        tools.append(Tool("curl -Z", command, files, size, hashed=True, note="16 at once, nothing verified"))
    ours = commands.ours(base, files, 16)
    note = "SHA-256, 16 connections"
    tools.append(Tool(OURS, ours, files, size, hashed=True, required=True, note=note))
    return tools


def _of_files(count: int) -> str:
    return f"{count} files of 20 KiB"


def _inner(rows: dict[str, Row], reference: str) -> list[str]:
    """Ours without the interpreter's start and the imports, as a running server would have it."""
    seconds = rows[OURS].inner_s
    if seconds is None:
        return []
    over = f" = {seconds / rows[reference].wall_s:.2f} × {reference}" if reference in rows else ""
    return [f"inside a running process {seconds:.2f} s{over}"]


def quota(bench: Bench) -> Outcome:
    """A hub that allows so many requests in each window."""
    scale = bench.scale
    files = bench.small[: scale.quota_files]
    walls, used, refused = [], [], 0
    for _ in range(min(scale.runs, 3)):
        with QuotaHub(bench.site / "small", scale.quota, scale.window_s) as hub:
            command = commands.ours(hub.address, files, 8)
            tool = Tool(OURS, command, files, sum(file.size for file in files), hashed=True)
            walls.append(bench.measure_once(tool).wall)
            used.append(hub.used)
            refused += hub.refused
    windows = (len(files) - 1) // scale.quota
    least = min(used, default=math.nan)
    goals = [
        Goal("quota: least share of a hub's requests used", least, 0.95, at_most=False, unit="of the quota"),
        Goal("quota: requests beyond it (429)", refused, 0, unit="answers"),
    ]
    lines = [
        f"{len(files)} files, {scale.quota} requests in each {scale.window_s:.0f} s:"
        f" {min(walls):.1f} s at best; {windows * scale.window_s:.0f} s are the least",
    ]
    return Outcome([], goals, lines)


def archive(bench: Bench) -> Outcome:
    """A zip from a slow server, to unpacked files."""
    packed, members, peers = bench.archive.file, bench.archive.members, bench.peers
    many, size = ZIP_CONNECTIONS, bench.archive.file.size
    with bench.serving() as server:
        base = f"{server.limited}/archive"
        url = f"{base}/{packed.path}"
        only, unpacked = commands.ours(base, [packed], many), commands.ours(base, [packed], many, unpack=True)
        then = f"unzip -q {packed.path} && rm {packed.path}"
        tools = [
            Tool(f"{OURS}, not unpacked", only, [packed], size, required=True, note="SHA-256"),
            Tool(OURS, unpacked, members, size, hashed=True, required=True, note="SHA-256, CRCs, unpacked"),
        ]
        if peers.has("aria2c", "unzip"):
            command = commands.aria2c(url, many, then=then)
            tools.append(Tool(f"aria2c -x{many} && unzip", command, members, size, note="CRCs, unpacked"))
        if peers.has("curl", "unzip"):
            command = commands.curl(url, then=then)
            tools.append(
                Tool("curl && unzip", command, members, size, once=True, note="CRCs, unpacked; once")
            )
        rows = bench.measure(tools)
    goals = [compare("zip: time, unpacked / download only", rows, OURS, f"{OURS}, not unpacked", 1.15)]
    lines = [f"{size / MB:.0f} MB, {len(members)} members; {many} connections of {LIMIT / MB:.1f} MB/s"]
    return Outcome(list(rows.values()), goals, lines)


def memory(bench: Bench) -> Outcome:
    """What a fetch adds to an idle process."""
    file, files = bench.large.file, bench.small
    with bench.serving() as server:
        one = commands.ours(f"{server.address}/large", [file], 8)
        many = commands.ours(f"{server.address}/small", files, 8)
        tools = [
            Tool("idle", commands.idle, [], 0, required=True),
            Tool("one large file", one, [file], file.size, required=True),
            Tool("many small files", many, files, sum(each.size for each in files), required=True),
        ]
        rows = bench.measure(tools, most=3)
    goals = [
        Goal(f"memory: {name}, over idle", row.peak_mb - rows["idle"].peak_mb, MEMORY_MB, unit="MB")
        for name, row in rows.items()
        if name != "idle"
    ]
    return Outcome(list(rows.values()), goals)


WORKLOADS: dict[str, Callable[[Bench], Outcome]] = {
    "large": large,
    "limited": limited,
    "edges": edges,
    "small": small,
    "small-latency": small_latency,
    "quota": quota,
    "zip": archive,
    "memory": memory,
    "kill": kill,
}
#: Workloads without nginx.
SERVERLESS = frozenset({"quota"})
#: Workloads that need nginx's pauses.
DELAYED = frozenset({"limited", "small-latency", "zip", "kill"})
