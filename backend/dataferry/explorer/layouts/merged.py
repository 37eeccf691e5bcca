"""The members of several archives as one set of files."""

from collections.abc import Mapping

from dataferry.explorer.layouts.contract import Place
from dataferry.explorer.layouts.names import in_order
from dataferry.explorer.layouts.zip_members import ZipDirectory


def merged(directories: Mapping[str, ZipDirectory]) -> dict[str, Place]:
    """The members of every zip by name. Where two have one of the same name, all names begin with that of
    their zip: ``train/cat/1.jpg`` of ``train.zip``."""
    names = [name for directory in directories.values() for name in directory.places]
    apart = len(set(names)) < len(names)
    found = {
        f"{_stem(path)}/{name}" if apart else name: place
        for path, directory in directories.items()
        for name, place in directory.places.items()
    }
    return {name: found[name] for name in in_order(found)}


def _stem(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".zip")
