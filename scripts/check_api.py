"""Requests that the API's description allows, and ones that it does not: ``python -m scripts.check_api``.

Schemathesis makes them from the OpenAPI document and sends them to a real server with made-up hubs behind it,
as its admin and as nobody. Every answer must have a status, a content type and a body as documented, and none
may be a fault of ours. Always the same requests, about a minute of one core; ``--long`` makes other ones each
time, in sequences too, and goes on with a server on Postgres.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import schemathesis
from schemathesis import Case, CheckContext, Response

from dataferry.core.errors import DiskFull, ModelError, NetworkFault, SourceError, kind_of
from tests.support.hubs import Hubs, make_hubs
from tests.support.postgres import postgres_server
from tests.support.server import Server

ROOT = Path(__file__).parents[1]
CHECKS = [
    "no_fault_of_ours",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
]
#: What makes a request of the one who is signed in one of nobody.
ENDS_THE_SESSION = ["--exclude-path", "/api/auth/logout"]


@schemathesis.check
def no_fault_of_ours(_context: CheckContext, response: Response, _case: Case) -> None:
    """A status of 500 and above is told of a hub, of the model's server, or of a disk without room alone."""
    if response.status_code < 500:
        return
    code = response.json().get("code", "") if "json" in response.headers["content-type"][0] else ""
    assert issubclass(kind_of(code), SourceError | ModelError | NetworkFault | DiskFull), (
        f"{response.status_code} {code}"
    )


def main(arguments: list[str]) -> int:
    long = "--long" in arguments
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        with server(hubs) as served:
            failed = check(served, long=long)
        if long:
            with (
                postgres_server() as postgres,
                postgres.database() as url,
                server(hubs, DATABASE_URL=url, SECRET_KEY="s" * 32) as served,
            ):
                failed += check(served, long=long)
    return int(failed > 0)


@contextmanager
def server(hubs: Hubs, **settings: str) -> Iterator[Server]:
    """A server that reaches nothing but the made-up hubs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings |= {"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9", **hubs.settings}
        yield stack.enter_context(Server(folder / "data", **settings))


def check(served: Server, *, long: bool) -> int:
    """How many of the two runs found something; each prints what."""
    client = served.client()
    token = client.http.headers["Authorization"]
    amount = ["--max-examples", "100" if long else "3"]
    phases = "examples,coverage,fuzzing,stateful" if long else "coverage,fuzzing"
    as_admin = ["--phases", phases, *amount, "--header", f"Authorization: {token}", *ENDS_THE_SESSION]
    as_nobody = ["--phases", "fuzzing", *amount]
    failed = int(run(served, as_admin, long=long) != 0)
    assert client.get("/api/auth/me").is_success, "the session has ended meanwhile: little was tried"
    failed += int(run(served, as_nobody, long=long) != 0)
    if failed:
        print(served.log)
    return failed


def run(served: Server, options: list[str], *, long: bool) -> int:
    """The exit code of Schemathesis."""
    seed = random.randrange(2**32) if long else 1
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{served.address}/api/openapi.json"),
                *("--checks", ",".join(CHECKS), "--seed", str(seed), "--continue-on-failure"),
                *("--request-timeout", "30", "--warnings", "off", "--no-color", *options),
            ],
            # It keeps what it has found in the folder that it runs in, and would begin with that.
            cwd=folder,
            env=os.environ | {"SCHEMATHESIS_HOOKS": "scripts.check_api", "PYTHONPATH": str(ROOT)},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
