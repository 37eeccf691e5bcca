"""What a file's path says of it. These functions are written into index files as they stand here."""

SPLITS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing")


def folders_of(path: str) -> list[str]:
    """The folders that a file lies in, without those that name a split."""
    return [folder for folder in path.split("/")[:-1] if folder.lower() not in SPLITS]


def split_of(path: str) -> str:
    """The split that a file is of: the folder of that name. Empty where there is none."""
    return next((folder for folder in path.split("/")[:-1] if folder.lower() in SPLITS), "")


def part_of(path: str) -> tuple[str, str]:
    """The name that a file shares with those that belong to it, and its folder and suffix, which tell them
    apart."""
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    return f"{split_of(path)}/{stem}".lstrip("/"), "/".join([*folders_of(path), suffix.lower()])
