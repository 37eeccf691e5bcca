"""Pictures in folders, whose names are their splits and classes."""

from collections.abc import Iterator

from dataferry.explorer.layouts.contract import FileSet, FoundImage, Layout
from dataferry.explorer.layouts.names import class_of, common_start, folder_split, is_image, masks_of


def image_folder(files: FileSet) -> Layout | None:
    """``train/cat/1.jpg``, ``cat/1.jpg``, ``images/1.jpg``. A copy of a folder within itself, as Kaggle's
    archive of chest X-rays has it, is left out; masks belong to their images."""
    masks = masks_of(files.paths)
    drawn_over = {mask for some in masks.values() for mask in some}
    paths = [path for path in files.paths if is_image(path) and path not in drawn_over]
    if not paths:
        return None
    sizes = {path: files.size(path) for path in paths}
    kept = [path for path in paths if not _is_copy(path, sizes)]
    folders = [folder_split(path.split("/")[:-1])[1] for path in kept]
    skipped = common_start(folders)

    def images() -> Iterator[FoundImage]:
        for path in kept:
            split, rest = folder_split(path.split("/")[:-1])
            mask = (masks[path][0], files.place(masks[path][0])) if path in masks else None
            yield FoundImage(split, path, files.place(path), class_of(rest[skipped:]), mask=mask)

    left_out = len(paths) - len(kept)
    note = f"{left_out:,} pictures lie a second time in a folder of the same name within it."
    return Layout("image folder", False, images(), notes=lambda: (note,) if left_out else ())


def _is_copy(path: str, sizes: dict[str, int]) -> bool:
    """``a/a/x.jpg`` where ``a/x.jpg`` is there, as long."""
    parts = path.split("/")
    for number in range(len(parts) - 2):
        if parts[number] == parts[number + 1]:
            other = "/".join((*parts[:number], *parts[number + 1 :]))
            if sizes.get(other) == sizes[path]:
                return True
    return False
