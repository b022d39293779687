"""Takes a Debian package apart, with nothing but Python: an ar archive with a compressed tar in it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

_HEADER_BYTES = 60


def unpack(package: Path, directory: Path) -> None:
    """Puts the package's files below a directory. Raises ValueError where there are none."""
    data = package.read_bytes()
    position = len(b"!<arch>\n")
    while position < len(data):
        header = data[position : position + _HEADER_BYTES]
        name, size = header[:16].decode().strip().rstrip("/"), int(header[48:58])
        position += _HEADER_BYTES
        if name.startswith("data.tar"):
            with tarfile.open(fileobj=io.BytesIO(data[position : position + size])) as archive:
                _extract(archive, directory)
            return
        position += size + size % 2
    raise ValueError(f"{package} has no data in it")


def _extract(archive: tarfile.TarFile, directory: Path) -> None:
    """Its plain files, by hand: Debian's own Python has no filter for what is in an archive."""
    for member in archive.getmembers():
        content = archive.extractfile(member) if member.isfile() else None
        if content:
            path = directory / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())
