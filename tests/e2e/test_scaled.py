"""The scaled form: two servers and a worker on one Postgres and one Redis."""

import os
from pathlib import Path

from tests.support import preloaded
from tests.support.hubs import Hubs
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import Server, until


def test_two_servers_and_a_worker_are_one(
    postgres: Postgres, redis: RedisServer, hubs: Hubs, tmp_path: Path
) -> None:
    with postgres.database() as url:
        settings = hubs.settings | {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url,
            "SECRET_KEY": "0123456789abcdef" * 4,
            "DOWNLOAD_PATH": str(tmp_path / "store"),
        }
        with Server(tmp_path / "one", **settings) as one, Server(tmp_path / "two", **settings) as two:
            worker = preloaded.start(["worker"], env=one.environment, cwd=tmp_path)
            assert worker.stdout is not None
            try:
                assert "ready" in worker.stdout.readline()
                ada = one.client()
                ticket = ada.post("/api/datasets/download/huggingface", {"dataset_id": hubs.slow}).json()
                there = two.client()
                until(lambda: there.job(ticket["job_id"])["progress"]["bytes_done"] > 0, "the other sees it")
                job = there.finished(ticket["job_id"])
                assert job["state"] == "succeeded", job
                assert any(Path(job["file_path"]).iterdir())
            finally:
                worker.terminate()
                worker.wait(timeout=30)
                worker.stdout.close()


def test_a_worker_refuses_sqlite(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATAFERRY_DATA_DIR": str(tmp_path)}
    run = preloaded.run(["worker"], env=environment, cwd=tmp_path)
    assert run.returncode == 2
    assert "DATABASE_URL" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
