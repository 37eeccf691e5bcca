"""Other Python clients' own download loops, on a plain link: ``replay.py kaggle|kagglehub URL FILE``.

Their commands want an account; the loop that moves the bytes is called as they call it.
"""

import os
import sys

import requests


def kaggle(url: str, file: str) -> None:
    # The package signs in when it is imported.
    os.environ.update(KAGGLE_USERNAME="nobody", KAGGLE_KEY="0" * 32)
    from kaggle.api.kaggle_api_extended import KaggleApi

    api = KaggleApi.__new__(KaggleApi)
    api.download_file(requests.get(url, stream=True, timeout=60), file, None, quiet=False)


def kagglehub(url: str, file: str) -> None:
    from kagglehub.clients import download_file  # type: ignore[import-not-found]
    from kagglehub.handle import DatasetHandle  # type: ignore[import-not-found]

    os.makedirs(os.path.dirname(file), exist_ok=True)
    answer = requests.get(url, stream=True, timeout=60)
    download_file(answer, file, DatasetHandle("ada", "large", 1))


if __name__ == "__main__":
    {"kaggle": kaggle, "kagglehub": kagglehub}[sys.argv[1]](*sys.argv[2:])
