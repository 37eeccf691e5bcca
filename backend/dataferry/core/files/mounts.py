"""What kind of file system a folder lies on."""

import re
from pathlib import Path

#: File systems of this machine alone, on which a lock keeps every process out.
_LOCAL = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "tmpfs", "ramfs", "overlay", "jfs"}
)

#: Blanks and backslashes in a path: ``\040``.
_ESCAPE = re.compile(r"\\(\d{3})")


def is_local(folder: Path) -> bool:
    """Whether no other machine can be at work in an existing folder; False where that is not known."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    place = folder.resolve()
    best, found = -1, ""
    for line in lines:
        # 36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/sda rw
        fields, _, rest = line.partition(" - ")
        point = Path(_ESCAPE.sub(lambda octal: chr(int(octal[1], 8)), fields.split()[4]))
        if place.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), rest.split()[0]
    return found in _LOCAL
