"""Tiny-ImageNet as it is published: three splits of three forms (``plugins.readers.tiny_imagenet``)."""

from collections.abc import Iterator, Mapping

from dataferry.explorer.layouts.contract import FileSet, FoundImage, Layout
from dataferry.explorer.layouts.names import is_image
from dataferry.plugins.readers.wordnet_names import TINY_IMAGENET

_MAX_TEXT = 8 << 20


def tiny_imagenet(files: FileSet) -> Layout | None:
    """Classes come from ``wnids.txt``, each with its name in WordNet."""
    there = set(files.paths)
    wnids = next((path for path in files.paths if path.rsplit("/", 1)[-1] == "wnids.txt"), None)
    if wnids is None:
        return None
    root = wnids[: -len("wnids.txt")]
    labels = f"{root}val/val_annotations.txt"
    if labels not in there:
        return None
    texts = dict(files.read([wnids, labels], _MAX_TEXT))
    ids = texts.get(wnids, b"").decode("utf-8", "replace").split()
    names = class_names(files, ids, f"{root}words.txt")
    rows = [line.split() for line in texts.get(labels, b"").decode("utf-8", "replace").splitlines()]
    of_file = {row[0]: row[1] for row in rows if len(row) > 1}

    def images() -> Iterator[FoundImage]:
        for path in files.paths:
            parts = path[len(root) :].split("/")
            if not is_image(path) or len(parts) < 3 or parts[0] not in ("train", "val", "test"):
                continue
            wnid = parts[1] if parts[0] == "train" else of_file.get(parts[-1], "")
            yield FoundImage(parts[0], path, files.place(path), names.get(wnid))

    return Layout("Tiny-ImageNet", False, images(), classes=[names[wnid] for wnid in sorted(ids)])


def class_names(files: FileSet, wnids: list[str], words: str) -> Mapping[str, str]:
    """The first name of each WordNet id; the list of all of WordNet is read only where one is not known."""
    found = {wnid: TINY_IMAGENET[wnid] for wnid in wnids if wnid in TINY_IMAGENET}
    if len(found) < len(wnids) and words in files.paths:
        for _, text in files.read([words], _MAX_TEXT):
            for line in text.decode("utf-8", "replace").splitlines():
                wnid, _, name = line.partition("\t")
                if wnid in wnids:
                    found.setdefault(wnid, name.split(",")[0].strip())
    return {wnid: found.get(wnid, wnid) for wnid in wnids}
