"""Pascal VOC: an XML file for each image.

::

    Annotations/2007_000027.xml   JPEGImages/2007_000027.jpg   ImageSets/Main/train.txt
    SegmentationClass/2007_000027.png, whose pixels are classes
    train/a.xml                   train/a.jpg                  as Roboflow exports it
"""

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from dataferry.explorer.layouts.contract import FileSet, FoundBox, FoundImage, Layout
from dataferry.explorer.layouts.names import (
    WHOLE,
    in_order,
    is_image,
    masks_of,
    split_of,
    split_order,
    stem,
)

#: Of one file; more is no annotation.
_MAX_BYTES = 1 << 20


def pascal_voc(files: FileSet) -> Layout | None:
    """Errors of one file leave its image without boxes."""
    xml = [path for path in files.paths if path.lower().endswith(".xml")]
    images = [path for path in files.paths if is_image(path) and "segmentation" not in path.lower()]
    if not xml or not images or not _is_annotation(files, xml[0]):
        return None
    of_stem: dict[str, list[str]] = {}
    for path in xml:
        of_stem.setdefault(stem(path), []).append(path)
    damaged: list[str] = []
    splits = _image_sets(files)
    masks = masks_of(files.paths)

    def found() -> Iterator[FoundImage]:
        pairs = [(path, _beside(path, of_stem.get(stem(path), ()))) for path in images]
        texts = dict(files.read([path for _, path in pairs if path is not None], _MAX_BYTES))
        for path, annotation in pairs:
            size: tuple[int, int] | None = None
            boxes: tuple[FoundBox, ...] = ()
            if annotation is not None:
                try:
                    size, boxes = _parsed(texts[annotation])
                except (KeyError, ValueError, ElementTree.ParseError):
                    damaged.append(annotation)
            split = splits.get(stem(path)) or split_of(path)
            mask = (masks[path][0], files.place(masks[path][0])) if path in masks else None
            yield FoundImage(split, path, files.place(path), boxes=boxes, size=size, mask=mask)

    def notes() -> tuple[str, ...]:
        return (f"{damaged[0]} and others cannot be read: {len(damaged):,} in all.",) if damaged else ()

    return Layout("Pascal VOC", True, found(), notes=notes)


def _is_annotation(files: FileSet, path: str) -> bool:
    return any(b"<annotation" in head and b"<filename" in head for _, head in files.read([path], 4096))


def _beside(image: str, annotations: "list[str] | tuple[str, ...]") -> str | None:
    """Of annotations with the image's stem the one whose path has the most in common with its own."""
    parts = set(image.split("/")[:-1])
    return max(annotations, key=lambda path: len(parts & set(path.split("/")[:-1])), default=None)


def _image_sets(files: FileSet) -> Mapping[str, str]:
    """The split of each stem, by ``ImageSets/Main/<split>.txt``; those of one class (``cat_train.txt``) and
    joins of others (``trainval``) are not read."""
    wanted = ("train.txt", "val.txt", "test.txt")
    lists = [path for path in files.paths if "imagesets/" in path.lower() and path.endswith(wanted)]
    plain = [path for path in lists if path.rsplit("/", 1)[-1] in wanted]
    main = [path for path in plain if "/main/" in path.lower()] or plain
    found: dict[str, str] = {}
    for path, text in sorted(files.read(in_order(main), 16 << 20), key=lambda one: split_order(stem(one[0]))):
        for line in text.decode("utf-8", "replace").split("\n"):
            if line.strip():
                found.setdefault(line.split()[0], stem(path) or WHOLE)
    return found


def _parsed(text: bytes) -> tuple[tuple[int, int] | None, tuple[FoundBox, ...]]:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError("an annotation declares no entities")
    root = ElementTree.fromstring(text)  # noqa: S314 - without entities there is nothing to expand
    width, height = (int(float(root.findtext(f"size/{side}") or 0)) for side in ("width", "height"))
    boxes = [box for one in root.iter("object") if (box := _box(one)) is not None]
    return ((width, height) if width > 0 and height > 0 else None), tuple(boxes)


def _box(one: ElementTree.Element) -> FoundBox | None:
    edges = [one.findtext(f"bndbox/{edge}") for edge in ("xmin", "ymin", "xmax", "ymax")]
    if None in edges:
        return None
    left, top, right, bottom = (float(edge or "nan") for edge in edges)
    name = (one.findtext("name") or "object").strip()
    return FoundBox((left, top, right - left, bottom - top), name)
