"""What strangers' files have done to decoders; called in the sandbox."""

import os
import signal
from typing import BinaryIO

from dataferry.imaging.sandbox import Answer


def length(file: BinaryIO) -> Answer:
    return Answer({"length": len(file.read())}, b"blob")


def abort(_file: BinaryIO) -> Answer:
    os.abort()


def crash(_file: BinaryIO) -> Answer:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def hang(_file: BinaryIO) -> Answer:
    while True:
        pass


def allocate(_file: BinaryIO) -> Answer:
    return Answer({"length": len(bytearray(4 << 30))})


def write(_file: BinaryIO, path: str) -> Answer:
    with open(path, "wb") as file:
        file.write(b"kept")
    return Answer({})


def print_and_leak(_file: BinaryIO) -> Answer:
    os.write(1, b"noise of a library\n")
    return Answer({"keys": [name for name in os.environ if "KEY" in name]})
