"""The command line beside a running server, and against hubs that misbehave."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.catalogue import IMDB
from tests.fakes.files import FileServer
from tests.fakes.gemini import GeminiFake, say
from tests.support import preloaded
from tests.support.hubs import Hubs, make_hubs
from tests.support.server import Server, until


def dataferry(server: Server, *arguments: str, code: int = 0, **environment: str) -> str:
    """Run a command; returns what it printed, its result last."""
    environment = {**server.environment, "COLUMNS": "250", **environment}
    run = preloaded.run(arguments, env=environment, cwd=server.data_dir.parent)
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stderr + run.stdout


@pytest.fixture(scope="module")
def hubs() -> Iterator[Hubs]:
    hubs = make_hubs()
    with hubs.kaggle, hubs.hub:
        yield hubs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hubs: Hubs) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("cli") / "data", **hubs.settings) as server:
        yield server


def test_a_command_uses_the_server_that_runs(server: Server) -> None:
    assert f"huggingface:{IMDB}" in dataferry(server, "search", "imdb", "movie", "reviews")
    printed = dataferry(server, "download", f"huggingface:{IMDB}")
    assert "(verified against the publisher's checksum)" in printed
    assert re.match(rf"huggingface:{IMDB}: needs [\d.]+ k?B, [\d.]+ [MGT]B free\n", printed)
    # What is here needs nothing, and a program that reads JSON can have nothing else.
    assert "needs" not in dataferry(server, "download", f"huggingface:{IMDB}")
    json.loads(dataferry(server, "download", f"huggingface:{IMDB}", "--json", "--force", "--quiet"))
    folder = Path(printed.strip().splitlines()[-1])
    assert any(folder.iterdir())
    assert f"huggingface:{IMDB}" in dataferry(server, "library")
    files = dataferry(server, "library", f"huggingface:{IMDB}").splitlines()[1:]
    assert {line.split("\t")[2] for line in files} == {"verified against the publisher's checksum"}
    assert "succeeded" in dataferry(server, "jobs")


def test_the_first_rows_are_shown_before_a_download(server: Server) -> None:
    printed = dataferry(server, "preview", "kaggle:uciml/iris", "--rows", "2").splitlines()
    assert printed[-3].split("\t")[-1] == "species"
    assert len(printed[-1].split("\t")) == 5
    assert "Iris.csv: 2 of 150 rows, 5 columns" in printed[-4]
    assert printed[-4].endswith("fetched from Kaggle.")
    shown = json.loads(dataferry(server, "preview", "kaggle:uciml/iris", "--json", "--quiet"))
    assert (shown["partial"], len(shown["rows"])) == (True, 10)
    none = dataferry(server, "preview", "kaggle:alxmamaev/flowers-recognition", code=3)
    assert "pictures" in none


def test_a_part_of_a_dataset_is_chosen(server: Server) -> None:
    ref = f"huggingface:{IMDB}"
    folder = Path(dataferry(server, "download", ref, "--files", "*.md", "--files", "test*").splitlines()[-1])
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {"README.md", "test.jsonl"}
    folder = Path(dataferry(server, "download", ref, "--split", "train").splitlines()[-1])
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {"train.jsonl"}
    page = f"https://huggingface.co/datasets/{IMDB}/tree/main/plain_text"
    folder = Path(dataferry(server, "download", page, "--exclude", "*test*").splitlines()[-1])
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {"train.jsonl"}
    assert "It has plain_text." in dataferry(server, "download", ref, "--config", "html", code=3)


def test_an_exit_code_tells_what_went_wrong(server: Server, hubs: Hubs) -> None:
    dataferry(server, "download", "kaggle:nobody/nothing-of-that-name", code=3)
    assert hubs.gated in dataferry(server, "download", f"huggingface:{hubs.gated}", code=4)
    assert "source" in dataferry(server, "download", "a/b", code=2)
    dataferry(server, "download", "builtin:iris", "--to", "/etc", code=2)


def test_jobs_are_followed_as_they_change(server: Server) -> None:
    command = [sys.executable, "-m", "dataferry", "jobs", "--follow"]
    environment = {**server.environment, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as following:
        lines: list[str] = []
        assert following.stdout is not None
        try:
            dataferry(server, "download", "builtin:wine")
            for line in following.stdout:
                lines.append(line)
                if "builtin:wine" in line and "succeeded" in line:
                    break
        finally:
            following.terminate()
    assert any("builtin:wine" in line for line in lines)


def test_who_follows_is_told_that_the_connection_has_ended(server: Server) -> None:
    """In one line, with what goes on: a stack trace is what Python makes of it (it was so)."""
    email = "leaver@example.org"
    server.client()  # the first account is the admin
    client = server.client(email)
    arguments = ["jobs", "--follow", "--as", email]
    with preloaded.start(
        arguments, env=server.environment, cwd=server.data_dir.parent, separate=True
    ) as following:
        assert following.stdout is not None
        lines: list[str] = []
        threading.Thread(target=lambda: lines.extend(following.stdout or ()), daemon=True).start()

        def followed() -> bool:
            """A job that ended before it was followed is not told, so there are more of them."""
            wish = {"dataset_id": "builtin:iris", "force_download": True}
            client.post("/api/datasets/download-dataset", json=wish)
            return bool(lines)

        until(followed, "a job is told")
        assert "builtin:iris" in lines[0]
        dataferry(server, "users", "disable", email)
        assert following.wait(timeout=60) == 5
        assert following.stderr is not None
        told = following.stderr.read()
    [line] = told.splitlines()
    assert "has ended the connection. The session has ended." in line
    assert "`dataferry jobs` shows them" in line


def test_speeds_are_shown_and_set(server: Server) -> None:
    assert dataferry(server, "limits") == "All downloads together: no limit\n"
    dataferry(server, "limits", "--speed", "500kB", "--night", "22:00-6:00", "--night-speed", "20MB/s")
    # What is not named stays.
    printed = dataferry(server, "limits", "--night-speed", "none")
    assert printed.splitlines() == [
        "All downloads together: 500 kB/s",
        "22:00-06:00, the server's time: no limit",
    ]
    assert "500000" in dataferry(server, "limits", "--json")
    assert "22:00-06:00" in dataferry(server, "limits", "--night", "late", code=2)
    for wrong in ("quick", "0", "-2MB"):
        assert "Write it as" in dataferry(server, "limits", "--speed", wrong, code=2)
    dataferry(server, "limits", "--speed", "1MB", "--reset", code=2)
    dataferry(server, "limits", "--speed", "1MB", "--as", guest(server), code=4)
    assert "22:00" not in dataferry(server, "limits", "--night", "none")
    assert dataferry(server, "limits", "--reset") == "All downloads together: no limit\n"


def test_a_jobs_speed_is_shown_and_set(server: Server) -> None:
    eve = guest(server)
    dataferry(server, "limits", "--speed", "500kB")
    with FileServer({"big.bin": bytes(20_000_000)}) as files:
        client = server.client(eve)
        job_id = client.post("/api/datasets/download-dataset", {"dataset_id": files.url("big.bin")}).json()[
            "job_id"
        ]
        assert dataferry(server, "jobs", "limit", job_id, "--as", eve) == f"{job_id}: no limit\n"
        assert "100 kB/s" in dataferry(server, "jobs", "limit", job_id, "100kB", "--as", eve)
        assert "100 kB/s" in dataferry(server, "jobs", "limit", job_id, "--as", eve)
        assert "no limit" in dataferry(server, "jobs", "limit", job_id, "none", "--as", eve)
        dataferry(server, "jobs", "limit", job_id, "1MB", code=3)
        client.post(f"/api/jobs/{job_id}/cancel")
        client.finished(job_id)
        assert "has ended" in dataferry(server, "jobs", "limit", job_id, "1MB", "--as", eve, code=9)
    dataferry(server, "limits", "--reset")


def guest(server: Server) -> str:
    """Somebody who is no admin."""
    server.client()  # the first account is the admin
    server.client("eve@example.org")
    return "eve@example.org"


def test_accounts_are_kept_from_the_shell(server: Server) -> None:
    server.client()  # the first account is the admin
    bob, password = "bob@example.org", {"DATAFERRY_NEW_PASSWORD": "a long password"}
    assert f"{bob} can sign in" in dataferry(server, "users", "create", bob, **password)
    assert bob in dataferry(server, "users", "list")
    dataferry(server, "users", "disable", bob)
    assert "disabled" in dataferry(server, "users", "list")
    assert f"The account {bob} is disabled." in dataferry(server, "jobs", "--as", bob, code=4)
    dataferry(server, "users", "disable", "nobody@example.org", code=3)
    assert "last admin" in dataferry(server, "users", "disable", "ada@example.org", code=9)


@pytest.mark.parametrize(
    "words",
    [
        ("users", "create", "eve@example.org", "Secret-1234"),
        ("users", "create", "eve@example.org", "--password", "Secret-1234"),
        ("users", "reset-password", "eve@example.org", "--password=Secret-1234"),
        ("model", "set", "gemini-2.5-pro", "--key", "AIzaSecret-1234"),
        ("model", "set", "AIzaSecret-1234"),
    ],
)
def test_no_secret_is_taken_from_the_arguments(server: Server, words: tuple[str, ...]) -> None:
    """Others on the machine read it in ``ps``."""
    refused = dataferry(server, *words, code=2)
    assert "others on this machine can read them" in refused
    assert "-stdin`, or set DATAFERRY_NEW_" in refused
    assert "Secret-1234" not in refused


def test_tokens_are_kept_from_the_shell(server: Server) -> None:
    ada = ("--as", server.client().get("/api/auth/me").json()["email"])
    made = dataferry(server, "tokens", "create", "nightly", "--scope", "download", "--expires", "12h", *ada)
    token = made.splitlines()[-1]
    me = httpx.get(f"{server.address}/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["email"] == ada[1]
    # A program reads the token and nothing else.
    run = preloaded.run(
        ["tokens", "create", "nightly", "--expires", "never", *ada],
        env=server.environment,
        cwd=server.data_dir.parent,
    )
    assert re.fullmatch(r"dft_\w{36}\n", run.stdout)
    [endless, first] = json.loads(dataferry(server, "tokens", "list", "--json", *ada))
    assert (endless["expires_at"], first["hint"]) == (None, f"dft_…{token[-4:]}")
    assert "never" in dataferry(server, "tokens", "list", *ada)
    assert "Several tokens" in dataferry(server, "tokens", "revoke", "nightly", *ada, code=2)
    assert "is revoked" in dataferry(server, "tokens", "revoke", first["id"], *ada)
    assert "is revoked" in dataferry(server, "tokens", "revoke", "nightly", *ada)
    dataferry(server, "tokens", "revoke", "nightly", *ada, code=3)
    assert httpx.get(me.url, headers=me.request.headers).status_code == 401
    for expires in ("yesterday", "99999999999d", "2020-01-01"):
        dataferry(server, "tokens", "create", "x", "--expires", expires, *ada, code=2)
    dataferry(server, "tokens", "create", "x", "--scope", "admin", "--as", guest(server), code=4)


def test_a_password_from_standard_input(server: Server) -> None:
    def create(*options: str, given: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "dataferry", "users", "create", "carol@example.org", *options]
        return subprocess.run(command, env=server.environment, input=given, capture_output=True, text=True)

    assert "There is no terminal to ask for the password on." in create(given="").stderr
    made = create("--password-stdin", given="a long password\n")
    assert made.returncode == 0, made.stderr
    form = {"username": "carol@example.org", "password": "a long password"}
    assert httpx.post(f"{server.address}/api/auth/token", data=form).status_code == 200


def test_doctors_probes_of_hubs_and_model(server: Server, hubs: Hubs) -> None:
    with GeminiFake() as gemini:
        model = {"GOOGLE_API_KEY": "a-key-to-hide", "GOOGLE_GEMINI_BASE_URL": gemini.url}
        gemini.script(say("Hello."))
        printed = dataferry(server, "doctor", "--live", **model)
        gemini.fault("rate_limit")
        assert "429" in dataferry(server, "doctor", "--live", code=1, **model)
    for source in ("Kaggle", "HuggingFace"):
        for probe in ("search", "describe", "file list", "Range and checksum headers"):
            assert any(
                line.startswith("ok") and f"{source}: {probe}" in line for line in printed.splitlines()
            ), printed
    assert "one streamed token: google_genai:" in printed
    assert "a-key-to-hide" not in printed
    assert "none is set" in dataferry(server, "doctor", "--live")


def test_a_command_without_a_server_runs_one_for_itself(tmp_path: Path, hubs: Hubs) -> None:
    server = Server(tmp_path / "data", **hubs.settings)
    tmp_path.joinpath("data").mkdir()
    assert "builtin:iris@" in dataferry(server, "download", "builtin:iris")
    until(lambda: not (tmp_path / "data" / "owner.lock").read_text(), "the folder is free again")


def test_a_job_is_paused_resumed_cancelled_and_tried_again(server: Server) -> None:
    with FileServer({"slow.bin": bytes(60_000_000)}, bytes_per_s=500_000) as files:
        eve = guest(server)
        client = server.client(eve)
        asked = client.post("/api/datasets/download-dataset", {"dataset_id": files.url("slow.bin")})
        job_id = asked.json()["job_id"]

        def stands(state: str) -> None:
            until(lambda: client.job(job_id)["state"] == state, f"the job is {state}")

        until(lambda: client.job(job_id)["progress"]["bytes_done"] > 0, "the first bytes come")
        assert job_id in dataferry(server, "jobs", "pause", job_id, "--as", eve)
        stands("paused")
        assert "paused" in dataferry(server, "jobs", "--as", eve)
        dataferry(server, "jobs", "resume", job_id, "--as", eve)
        stands("running")
        assert "cancelled" in dataferry(server, "jobs", "cancel", job_id, "--as", eve)
        stands("cancelled")
        assert "has ended" in dataferry(server, "jobs", "pause", job_id, "--as", eve, code=9)
        files.bytes_per_s = None
        dataferry(server, "jobs", "retry", job_id, "--as", eve)
        assert client.finished(job_id)["state"] == "succeeded"
        dataferry(server, "jobs", "pause", "job_none", "--as", eve, code=3)
