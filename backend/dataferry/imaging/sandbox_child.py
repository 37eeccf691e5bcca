"""The process of ``sandbox``: reads calls from its input, and answers each on its output."""

import importlib
import io
import json
import os
import resource
import sys
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from dataferry.core.errors import BadImage, SealBroken
from dataferry.core.files.sealed import SealedFile
from dataferry.imaging.sandbox import TOO_MUCH, Answer

#: Loaded before the first call: they take a second.
_WARM = ("PIL.Image", "numpy")
_OPEN_FILES = 64


def main() -> None:
    """Answer until the input ends, as it does with the process that started this one."""
    memory_bytes, modules = int(sys.argv[1]), sys.argv[2]
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a decoder prints must not stand in an answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for module in _WARM:
        importlib.import_module(module)
    _limit(memory_bytes)
    warnings.simplefilter("ignore")
    calls = sys.stdin.buffer
    while line := calls.readline():
        asked = json.loads(line)
        data = calls.read(asked.get("bytes", 0))
        header, blob = _answered(asked, data, modules)
        answers.write(json.dumps({**header, "blob": len(blob)}).encode() + b"\n" + blob)
        answers.flush()


def _limit(memory_bytes: int) -> None:
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CORE: 0,  # it would hold the picture
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(which, (most, most))
        except (OSError, ValueError):  # macOS has no limit of address space
            continue


def _answered(asked: dict[str, Any], data: bytes, modules: str) -> tuple[dict[str, Any], bytes]:
    try:
        module, _, function = asked["function"].partition(":")
        if not module.startswith(modules):
            raise ValueError(f"{module} is none of the sandbox's modules")
        called = getattr(importlib.import_module(module), function)
        with _opened(asked, data) as file:
            answer: Answer = called(file, **asked["arguments"])
    except BadImage as error:
        return {"refused": error.detail}, b""
    except SealBroken as error:
        return {"broken_seal": error.detail}, b""
    except MemoryError:
        return {"refused": TOO_MUCH}, b""
    except Exception as error:  # decoders raise what they like
        return {"refused": f"It is damaged, or cut off ({type(error).__name__})."}, b""
    return {"value": answer.value}, answer.blob


def _opened(asked: dict[str, Any], data: bytes) -> BinaryIO:
    if "sealed" in asked:
        path, file_id, key = asked["sealed"]
        return io.BytesIO(SealedFile(Path(path), file_id, bytes.fromhex(key)).read())
    return Path(asked["path"]).open("rb") if "path" in asked else io.BytesIO(data)


if __name__ == "__main__":
    main()
