"""``make demo``: the app against made-up hubs and a made-up model, all on this machine."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.fakes.gemini import GeminiFake
from tests.fakes.hub import HubFake
from tests.fakes.kaggle import KaggleFake


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="dataferry-demo-")))
        kaggle, hub = running.enter_context(KaggleFake()), running.enter_context(HubFake())
        gemini = running.enter_context(GeminiFake())
        settings = {
            "DATAFERRY_DEMO": "true",
            "DATAFERRY_DATA_DIR": str(folder),
            "DATAFERRY_ALLOW_PRIVATE_URLS": "true",
            "DATAFERRY_KAGGLE_ENDPOINT": kaggle.url,
            "HF_ENDPOINT": hub.url,
            "GOOGLE_GEMINI_BASE_URL": gemini.url,
            "GOOGLE_API_KEY": "demo",
        }
        print("This is a demo: its hubs and its model are made up, and its data is gone when it ends.")
        server = subprocess.Popen(
            [sys.executable, "-m", "dataferry.cli", "serve"], env={**os.environ, **settings}
        )
        try:
            return server.wait()
        except KeyboardInterrupt:
            return server.wait()
        finally:
            if server.poll() is None:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    sys.exit(main())
