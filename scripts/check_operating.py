"""The configurations of nginx, Caddy and systemd in docs/operating.md, as they stand there.

``python -m scripts.check_operating`` has each program that is installed check its own. With ``--run`` a proxy
stands in front of a server, with a made-up certificate: page, sign-in, a streamed answer, the largest body
and a larger one, a file of 2 GiB that is followed over a socket, and one that says nothing for as long as
``--silent`` says (100 s).
"""

import argparse
import contextlib
import getpass
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from websockets.sync.client import connect

from dataferry.api.problems import MAX_BODY_BYTES
from tests.support.certificates import made_certificate
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import PASSWORD, Server, until

PAGE = Path(__file__).parents[1] / "docs" / "operating.md"
NAME = "data.example.org"


@dataclass(frozen=True)
class Place:
    """Where a proxy stands in this trial."""

    folder: Path
    port: int
    upstream: int

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    if found is None:
        sys.exit(f"docs/operating.md has no block of {language}")
    return found[1]


def nginx(place: Place) -> tuple[list[str], list[str]]:
    """Its file for this place; the commands that check it and run it."""
    text = (
        block("nginx")
        .replace("listen 443", f"listen 127.0.0.1:{place.port}")
        .replace("127.0.0.1:8000", f"127.0.0.1:{place.upstream}")
        .replace(f"/etc/ssl/{NAME}.pem", str(place.folder / "ca.pem"))
        .replace(f"/etc/ssl/{NAME}.key", str(place.folder / "key.pem"))
        .replace(NAME, "localhost")
    )
    temporary = "".join(
        f"{kind}_temp_path {place.folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = place.folder / "nginx.conf"
    file.write_text(
        # As root it would give its workers to a user who cannot write here.
        f"user {getpass.getuser()};\ndaemon off;\npid {place.folder}/nginx.pid;\nerror_log stderr warn;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{text}}}\n"
    )
    base = ["nginx", "-c", str(file), "-p", str(place.folder), "-e", "stderr"]
    return [*base, "-t"], base


def caddy(place: Place) -> tuple[list[str], list[str]]:
    """Its file for this place, without asking an authority; the commands that check it and run it."""
    site = f"{NAME} {{\n"
    text = (
        block("caddyfile")
        .replace("{\n    servers", "{\n    admin off\n    auto_https disable_redirects\n    servers", 1)
        .replace(site, f"{place.address} {{\n    tls {place.folder}/ca.pem {place.folder}/key.pem\n")
        .replace("127.0.0.1:8000", f"127.0.0.1:{place.upstream}")
    )
    file = place.folder / "Caddyfile"
    file.write_text(text)
    given = ["--config", str(file), "--adapter", "caddyfile"]
    return ["caddy", "validate", *given], ["caddy", "run", *given]


PROXIES: dict[str, Callable[[Place], tuple[list[str], list[str]]]] = {"nginx": nginx, "caddy": caddy}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def unit(folder: Path) -> list[str]:
    """The service's file, with a program that is here; the command that checks it."""
    file = folder / "dataferry.service"
    file.write_text(block("ini").replace("/opt/dataferry/bin/dataferry", sys.executable))
    return ["systemd-analyze", "verify", str(file)]


def validate(name: str) -> bool:
    """Whether the program takes its block; it is reported on stdout."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        made_certificate(folder)
        check = PROXIES[name](Place(folder, 8443, 8000))[0] if name in PROXIES else unit(folder)
        run = subprocess.run(check, capture_output=True, text=True)
    print(f"{name}: {'valid' if run.returncode == 0 else run.stderr}")
    return run.returncode == 0


@contextlib.contextmanager
def standing(name: str, place: Place) -> Iterator[None]:
    _, command = PROXIES[name](place)
    with (place.folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=place.folder)
        try:
            until(lambda: _listens(place.port), f"{name} listens")
            yield
        finally:
            process.terminate()
            process.wait()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


class Trial:
    """What somebody behind the proxy does."""

    def __init__(self, address: str, trusted: ssl.SSLContext) -> None:
        self.address, self.trusted = address, trusted
        self.http = httpx.Client(base_url=address, verify=trusted, timeout=60, trust_env=False)

    def sign_in(self) -> None:
        account = {"email": "ada@example.org", "password": PASSWORD}
        assert self.http.post("/api/auth/register", json=account).status_code == 201
        form = {"username": account["email"], "password": PASSWORD}
        answer = self.http.post("/api/auth/token", data=form)
        assert answer.is_success, answer.text
        assert all("; Secure" in cookie for cookie in answer.headers.get_list("set-cookie")), (
            "no Secure cookie"
        )
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def see_page(self) -> None:
        assert "<title>" in self.http.get("/").text

    def stream_an_answer(self, hubs: Hubs) -> None:
        """One hub answers late: the beginning is there long before the end."""
        hubs.hub.faults.add("delay", times=None, seconds=3)
        chat = self.http.post("/api/chats", json={}).json()["id"]
        came: list[float] = []
        message = {"content": "find heart datasets"}
        with self.http.stream(
            "POST",
            f"/api/chats/{chat}/messages",
            json=message,
            headers={"Accept": "text/event-stream"},
        ) as answer:
            assert answer.status_code == 200, answer.read()
            came.extend(time.monotonic() for _ in answer.iter_lines())
        hubs.heal()
        assert came[-1] - came[0] > 1.5, f"the answer came at once, {came[-1] - came[0]:.1f} s"

    def send_large_bodies(self) -> None:
        def status_of(size: int) -> int:
            body = b'{"query": "' + b"x" * (size - 13) + b'"}'
            headers = {"Content-Type": "application/json"}
            return self.http.post("/api/datasets/search-all", content=body, headers=headers).status_code

        statuses = status_of(MAX_BODY_BYTES), status_of(MAX_BODY_BYTES + 2_000_000)
        assert statuses == (422, 413), statuses

    @contextlib.contextmanager
    def opened(self) -> Iterator[Callable[[float], dict[str, object]]]:
        """A socket; the function gives its next message within so many seconds."""
        ticket = self.http.post("/api/auth/ws-ticket").json()["ticket"]
        url = f"{self.address.replace('https', 'wss', 1)}/api/ws?ticket={ticket}"
        with connect(url, ssl=self.trusted, origin=self.address, proxy=None) as opened:  # type: ignore[arg-type]
            self.send = lambda message: opened.send(json.dumps(message))
            yield lambda timeout: json.loads(opened.recv(timeout))  # type: ignore[no-any-return]

    def follow_a_large_file(self, hubs: Hubs) -> None:
        """2 GiB, whose progress comes many times before its end."""
        job = self.http.post("/api/datasets/download/huggingface", json={"dataset_id": hubs.huge}).json()
        seen: set[int] = set()
        with self.opened() as receive:
            self.send({"op": "subscribe", "topic": f"job:{job['job_id']}"})
            while True:
                message = receive(60)
                told = message.get("job")
                if isinstance(told, dict):
                    seen.add(told["progress"]["bytes_done"])
                    if not told["active"]:
                        break
        assert told["state"] == "succeeded", told
        assert len(seen) > 5, f"progress came {len(seen)} times"

    def keep_a_silent_socket(self, seconds: float) -> None:
        with self.opened() as receive:
            with contextlib.suppress(TimeoutError):
                receive(seconds)
            self.send({"op": "ping", "t": 7})
            assert receive(5) == {"op": "pong", "t": 7.0}


def run(name: str, silent_s: float) -> None:
    hubs = make_hubs()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        certificate, _ = made_certificate(folder)
        settings = {"DATAFERRY_TRUSTED_PROXIES": "127.0.0.1", **hubs.settings}
        with hubs.kaggle, hubs.hub, Server(folder / "data", **settings) as server:
            place = Place(folder, free_port(), int(server.address.rpartition(":")[2]))
            with standing(name, place):
                trial = Trial(place.address, ssl.create_default_context(cafile=certificate))
                acts: dict[str, Callable[[], None]] = {
                    "signing in": trial.sign_in,
                    "the page": trial.see_page,
                    "a streamed answer": lambda: trial.stream_an_answer(hubs),
                    "large bodies": trial.send_large_bodies,
                    "a large file": lambda: trial.follow_a_large_file(hubs),
                    "a silent socket": lambda: trial.keep_a_silent_socket(silent_s),
                }
                for what, act in acts.items():
                    began = time.monotonic()
                    act()
                    print(f"{name}: {what} ({time.monotonic() - began:.1f} s)", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    every = [*PROXIES, "systemd-analyze"]
    options.add_argument("names", nargs="*", default=every, help=f"by default {', '.join(every)}")
    options.add_argument("--run", action="store_true")
    options.add_argument("--silent", type=float, default=100)
    given = options.parse_args()
    installed = [name for name in given.names if shutil.which(name)]
    for name in sorted(set(given.names) - set(installed)):
        print(f"{name} is not installed")
    if not all(map(validate, installed)):
        return 1
    for name in filter(PROXIES.get, installed if given.run else ()):
        run(name, given.silent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
