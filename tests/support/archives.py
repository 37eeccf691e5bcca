"""Archives made in memory, the ill-meant ones too."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Iterable


def zipped(members: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """A zip of these members in this order; a name may come twice, and be whatever it likes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as container:
        names = set()
        for name, body in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            # ``writestr`` warns of a name that it knows already.
            if info.filename in names:
                del container.NameToInfo[info.filename]
            names.add(info.filename)
            container.writestr(info, body)
    return buffer.getvalue()


def zip_link(name: str) -> zipfile.ZipInfo:
    """A symbolic link; its body is where it leads."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def raw_named(placeholder: str, raw: bytes, body: bytes) -> bytes:
    """A zip of one member whose name is these very bytes, without the flag for UTF-8."""
    assert len(placeholder.encode()) == len(raw)
    return zipped([(placeholder, body)]).replace(placeholder.encode(), raw)


def tarred(members: Iterable[tuple[str, bytes] | tarfile.TarInfo]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as container:
        for each in members:
            if isinstance(each, tarfile.TarInfo):
                container.addfile(each)
                continue
            info = tarfile.TarInfo(each[0])
            info.size = len(each[1])
            container.addfile(info, io.BytesIO(each[1]))
    return buffer.getvalue()


def tar_link(name: str, leads_to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads_to
    return info
