"""``--server URL``: commands against a server elsewhere, with a token of it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support import preloaded
from tests.support.certificates import made_certificate
from tests.support.server import Server, until
from tests.support.terminal import Terminal


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("remote") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    body = {"name": "shell", "scope": "download"}
    return str(server.client().post("/api/auth/tokens", body).json()["token"])


class Laptop:
    """Commands of a person whose server is another machine."""

    def __init__(self, folder: Path, server: Server, token: str) -> None:
        self.folder = folder
        self.environment = {
            **{name: server.environment[name] for name in ("PATH", "PYTHONWARNINGS")},
            "HOME": str(folder),
            "DATAFERRY_DATA_DIR": str(folder / "data"),
            "DATAFERRY_SERVER": server.address,
            "DATAFERRY_TOKEN": token,
        }

    def run(self, *arguments: str, code: int = 0, **environment: str) -> tuple[str, str]:
        """stdout and stderr."""
        done = preloaded.run(arguments, env={**self.environment, **environment}, cwd=self.folder)
        assert done.returncode == code, done.stdout + done.stderr
        assert code == 0 or len(done.stderr.splitlines()) == 1, done.stderr
        return done.stdout, done.stderr


@pytest.fixture
def laptop(tmp_path: Path, server: Server, token: str) -> Laptop:
    return Laptop(tmp_path, server, token)


def test_every_command_works_there_and_leaves_nothing_here(laptop: Laptop) -> None:
    out, err = laptop.run("download", "builtin:iris")
    assert out.endswith("\n")
    assert "The files are on 127.0.0.1." in err
    assert "builtin:iris" in laptop.run("library")[0]
    assert "builtin:iris" in laptop.run("search", "iris", "--source", "builtin")[0]
    assert "builtin:iris" in laptop.run("jobs")[0]
    assert not (laptop.folder / "data").exists()


def test_the_options_may_stand_anywhere(laptop: Laptop, server: Server, token: str) -> None:
    (laptop.folder / "token").write_text(f"{token}\n")
    unset = {"DATAFERRY_SERVER": "", "DATAFERRY_TOKEN": ""}
    for arguments in (
        ["--server", server.address, "--token-file", "token", "jobs"],
        ["jobs", f"--server={server.address}/", "--token-file", "token"],
    ):
        laptop.run(*arguments, **unset)
    environment = {**laptop.environment, **unset}
    arguments = ["jobs", "--server", server.address, "--token-file", "-"]
    with Terminal(arguments, env=environment, cwd=laptop.folder) as terminal:
        terminal.send(f"{token}\n")
        assert terminal.wait() == 0, terminal.text


def test_a_token_in_the_arguments_is_not_seen_in_the_list_of_processes(
    laptop: Laptop, server: Server, token: str
) -> None:
    command = [sys.executable, "-m", "dataferry", "jobs", "--follow", "--token", token]
    environment = {**laptop.environment, "DATAFERRY_TOKEN": ""}
    with subprocess.Popen(command, env=environment, cwd=laptop.folder) as process:

        def arguments() -> list[str]:
            return Path(f"/proc/{process.pid}/cmdline").read_text().split("\0")

        try:
            until(lambda: "jobs" in arguments() and token not in arguments(), "the token is gone")
            assert "--follow" in arguments()
        finally:
            process.terminate()


def test_what_is_wrong_with_token_or_address_is_one_line(laptop: Laptop, server: Server) -> None:
    _, err = laptop.run("jobs", code=4, DATAFERRY_TOKEN="dft_wrong")
    assert f"The server at {server.address} refuses the token" in err
    _, err = laptop.run("jobs", code=2, DATAFERRY_TOKEN="")
    assert "wants a token" in err
    _, err = laptop.run("jobs", code=5, DATAFERRY_SERVER="http://127.0.0.1:9")
    assert "The server at http://127.0.0.1:9 does not answer. Check that it runs" in err
    _, err = laptop.run("jobs", code=2, DATAFERRY_SERVER="data.example.org")
    assert "DATAFERRY_SERVER: must be an address such as" in err
    _, err = laptop.run("jobs", code=5, DATAFERRY_SERVER=server.address.replace("http:", "https:"))
    assert "does not speak HTTPS" in err
    _, err = laptop.run("jobs", "--as", "ada@example.org", code=2)
    assert "Make a token of that account" in err
    for arguments in (["users", "list"], ["doctor", "--server", server.address]):
        _, err = laptop.run(*arguments, code=2)
        assert "works in the data folder of this machine" in err
    for wrong in ("missing", "."):
        _, err = laptop.run("jobs", "--token-file", wrong, code=2)
        assert f"The token file {wrong} cannot be read" in err


class _Proxy(BaseHTTPRequestHandler):
    """What stands before a server, and answers for it."""

    def do_GET(self) -> None:
        redirected = self.headers["Host"].startswith("127.0.0.1")
        self.send_response(308 if redirected else 502)
        if redirected:
            self.send_header("Location", "https://data.example.org/api/jobs")
        self.end_headers()
        self.wfile.write(b"<html>Bad gateway</html>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield server
        finally:
            server.shutdown()


def test_what_answers_but_is_no_dataferry_is_told_as_that(laptop: Laptop, proxy: ThreadingHTTPServer) -> None:
    port = proxy.server_address[1]
    _, err = laptop.run("jobs", code=5, DATAFERRY_SERVER=f"http://127.0.0.1:{port}")
    assert "sends to https://data.example.org/api/jobs" in err
    _, err = laptop.run("jobs", code=5, DATAFERRY_SERVER=f"http://localhost:{port}")
    assert "is no Dataferry server (status 502)" in err


def test_the_certificate_is_looked_at(laptop: Laptop, proxy: ThreadingHTTPServer) -> None:
    authority, context = made_certificate(laptop.folder)
    proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
    address = f"https://localhost:{proxy.server_address[1]}"
    _, err = laptop.run("jobs", code=5, DATAFERRY_SERVER=address)
    assert f"The certificate of {address} is not trusted" in err
    _, err = laptop.run("jobs", code=5, DATAFERRY_SERVER=address, SSL_CERT_FILE=str(authority))
    assert "is no Dataferry server (status 502)" in err
