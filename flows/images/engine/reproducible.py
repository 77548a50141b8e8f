"""An image without what differs between two builds of one source.

The classic builder writes the time of the build, a container's id, the parent image and its own version into the
configuration, and gives every folder that a COPY creates the time of the build. An image's id is the digest of its
configuration, which contains the digests of its layers.

Files keep their times and contents: Python compares a file's time with its .pyc. So the Dockerfile decides whether its
files are reproducible.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import IO, TYPE_CHECKING, Any

from flows.images.streams import Pieces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

MAX_CONFIG = 4 * 2**20
"""Bytes; a configuration has some thousand."""

_TOP = ("architecture", "author", "os", "os.features", "os.version", "variant")
_CONFIG = (
    "ArgsEscaped",
    "Cmd",
    "Entrypoint",
    "Env",
    "ExposedPorts",
    "Healthcheck",
    "Labels",
    "OnBuild",
    "Shell",
    "StopSignal",
    "StopTimeout",
    "User",
    "Volumes",
    "WorkingDir",
)
_BLOCK, _CHUNK = 512, 2**20
_WHITEOUT = ".wh."
"""How the name of a file begins that stands for a removed one (layer.md of the OCI image specification)."""

_EXTENSIONS = {b"x", b"g", b"L", b"K"}
_HISTORY = ("author", "comment", "created_by", "empty_layer")


def repack(
    saved: Iterable[bytes],
    image_id: str,
    own: Collection[str],
    created: datetime,
    name: str,
    output: IO[bytes],
) -> str | None:
    """Make the reproducible form of an image, as the archive that `docker load` takes.

    Args:
        saved: The archive that `docker save` makes, in pieces; read once.
        image_id: The image's id. It is the digest of the configuration in Docker's own image store.
        own: Digests of the layers (`diff_ids`) that were built. Those of the base image are not changed.
        created: The time of the source, in UTC.
        name: The name of the new image, with its tag.
        output: Where the archive is written, from its start. It contains the layers that were built; of others the
            engine's store has the files.

    Returns:
        The id of the new image. None if no file of the archive has the image's digest, as in containerd's store.
    """
    config, layers = None, dict[str, str]()
    with tarfile.open(fileobj=io.BufferedReader(Pieces(saved), _CHUNK), mode="r|") as archive:
        for member in archive:
            file: IO[bytes] | None = archive.extractfile(member) if member.isreg() else None
            if file is None:
                continue
            if member.size <= MAX_CONFIG:
                content = file.read()
                if (digest := _digest(content)) == image_id:
                    config = content
                if digest not in own:
                    continue
                file = io.BytesIO(content)
            begin = output.tell()
            before, after = _copy_layer(file, member.size, created, output)
            if before in own:
                layers[before] = after
                _rename(output, begin, after, member.size)
            else:
                output.seek(begin)
                output.truncate()
    if config is None:
        return None
    changed = normalised(config, created, layers)
    digest = _digest(changed)
    paths = [f"{each.removeprefix('sha256:')}.tar" for each in json.loads(changed)["rootfs"]["diff_ids"]]
    entry = {"Config": f"{digest.removeprefix('sha256:')}.json", "RepoTags": [name], "Layers": paths}
    for path, data in ((entry["Config"], changed), ("manifest.json", json.dumps([entry]).encode())):
        output.write(_header(str(path), len(data)) + data + _padding(len(data)))
    output.write(bytes(2 * _BLOCK))
    return digest


def normalised(config: bytes, created: datetime, layers: Mapping[str, str] | None = None) -> bytes:
    """Return a configuration that is the same for the same layers, instructions and time.

    Fields of the OCI image specification and Docker's HEALTHCHECK, ONBUILD and SHELL stay. The others describe
    the build. All times become that of the source.

    Args:
        config: The configuration as the engine wrote it.
        created: The time of the source, in UTC.
        layers: New digests of layers, by their old ones.
    """
    found = json.loads(config)
    time = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    settings = found.get("config") or {}
    rootfs = found["rootfs"]
    document = {
        **_some(found, _TOP),
        "rootfs": {**rootfs, "diff_ids": [(layers or {}).get(each, each) for each in rootfs["diff_ids"]]},
        "config": _some(settings, _CONFIG),
        "created": time,
        "history": [{**_some(step, _HISTORY), "created": time} for step in found.get("history") or ()],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def with_times(layer: IO[bytes], seconds: int) -> Iterator[bytes]:
    """Yield a layer's tar archive with the same time for all that is not a file: folders, links, devices, whiteouts.

    Only these fields and their headers' checksums are changed, so that everything else is as the engine wrote it:
    owners, modes, extended attributes, order.

    Args:
        layer: The archive.
        seconds: Unix time.
    """
    records = dict[str, str]()
    while (header := layer.read(_BLOCK)).strip(b"\0"):
        kind, size = header[156:157], _number(header[124:136])
        if kind in _EXTENSIONS:  # extended fields of the next entry
            content = layer.read(_padded(size))
            if kind == b"x":
                records = _pax(content[:size])
            elif kind == b"L":
                records = {"path": content[:size].rstrip(b"\0").decode("utf-8", "surrogateescape")}
            yield header + content
            continue
        path = records.get("path") or header[:100].rstrip(b"\0").decode("utf-8", "surrogateescape")
        size = int(records.get("size") or size)
        records = {}
        is_file = kind in {b"0", b"\0"}
        if not is_file or path.rpartition("/")[2].startswith(_WHITEOUT):
            header = _at(header, seconds)
        yield header
        left = _padded(size) if is_file else 0
        while left and (piece := layer.read(min(left, _CHUNK))):
            left -= len(piece)
            yield piece
    yield header
    yield from iter(lambda: layer.read(_CHUNK), b"")


def _copy_layer(layer: IO[bytes], size: int, created: datetime, output: IO[bytes]) -> tuple[str, str]:
    """Write a layer as an entry of the archive; its digests before and after."""
    output.write(bytes(_BLOCK))  # the header comes when the digest is known
    before, after = hashlib.sha256(), hashlib.sha256()

    class Read(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            data = layer.read(len(buffer))
            before.update(data)
            buffer[: len(data)] = data
            return len(data)

    for piece in with_times(io.BufferedReader(Read(), _CHUNK), int(created.timestamp())):
        after.update(piece)
        output.write(piece)
    output.write(_padding(size))
    return f"sha256:{before.hexdigest()}", f"sha256:{after.hexdigest()}"


def _rename(output: IO[bytes], at: int, digest: str, size: int) -> None:
    end = output.tell()
    output.seek(at)
    output.write(_header(f"{digest.removeprefix('sha256:')}.tar", size))
    output.seek(end)


def _header(path: str, size: int) -> bytes:
    info = tarfile.TarInfo(path)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _at(header: bytes, seconds: int) -> bytes:
    """A tar header with another time: its octal number of 11 digits, and the checksum over the header."""
    changed = bytearray(header)
    changed[136:148] = b"%011o\0" % seconds
    changed[148:156] = b" " * 8
    changed[148:156] = b"%06o\0 " % sum(changed)
    return bytes(changed)


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # GNU's form for large numbers
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    return int(field.strip(b" \0") or b"0", 8)


def _pax(content: bytes) -> dict[str, str]:
    """The records `LENGTH NAME=VALUE` and a line break of an extended header."""
    found, at = dict[str, str](), 0
    while at < len(content):
        length = int(content[at : content.index(b" ", at)])
        name, _, value = content[at : at + length - 1].partition(b" ")[2].partition(b"=")
        found[name.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        at += max(length, 1)
    return found


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _padding(size: int) -> bytes:
    return bytes(_padded(size) - size)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _some(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the named fields that have a value: engines write an absent one as null, "" or not at all."""
    return {name: fields[name] for name in names if fields.get(name)}
