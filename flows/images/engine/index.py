"""Pushing an index: the images of several platforms under one tag.

An engine pushes an image only under a tag, and a tag for each platform, such as `0.1.0-linux-arm64`, would be a version
that SpaceONE cannot sort. So the images are read from the engine and written to the registry by their digests, and the
index at last, under the tag: before that nothing is seen of it, and it is never there without its images.

The media types are Docker's, which an engine writes too: each engine and registry has them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from flows.images.engine.connection import answering
from flows.images.engine.reproducible import MAX_CONFIG
from flows.images.errors import EngineError
from flows.images.registry.artifacts import Descriptor
from flows.images.registry.manifests import IMAGE_TYPES, INDEX_TYPES
from flows.images.registry.transport import Content, FileContent
from flows.platforms import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flows.images.engine.api import Api
    from flows.images.engine.local import LocalImage
    from flows.images.registry.artifacts import Artifacts

_MANIFEST, _INDEX = IMAGE_TYPES[1], INDEX_TYPES[1]
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_GZIP = b"\x1f\x8b"
_LEVEL = 6
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Pushed:
    """An index in a registry: its digest, and those of its images by platform."""

    digest: str
    images: Mapping[str, str]


def push_index(
    api: Api,
    artifacts: Artifacts,
    tag: str,
    images: Mapping[str, LocalImage],
    on_output: Callable[[str], None],
) -> Pushed:
    """Write images of an engine and their index to a repository.

    What the repository has already is not written again. The same images give the same index.

    Args:
        api: The engine.
        artifacts: The repository.
        tag: What the index gets.
        images: By platform.
        on_output: Called with a line for each layer.

    Raises:
        EngineError: the engine does not give an image.
        RegistryError: the registry cannot be read or written, or refuses.
    """
    entries, digests = [], {}
    for platform, image in images.items():
        with tempfile.TemporaryFile() as archive:
            with answering(api.address, f"reading {image.reference}"):
                for piece in api.calls.get_image(image.id):
                    archive.write(piece)
            archive.seek(0)
            manifest = _push_image(archive, artifacts, image, on_output)
        on_output(f"{platform}: {manifest.digest}")
        digests[platform] = manifest.digest
        entries.append({**manifest.as_json(), "platform": describe(platform)})
    index = _json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries})
    artifacts.put(tag, Content(_INDEX, index))
    return Pushed(f"sha256:{hashlib.sha256(index).hexdigest()}", digests)


def _push_image(
    archive: IO[bytes], artifacts: Artifacts, image: LocalImage, on_output: Callable[[str], None]
) -> Descriptor:
    with tarfile.open(fileobj=archive, mode="r:") as saved:
        (listed,) = json.loads(_member(saved, "manifest.json", image).read(MAX_CONFIG))
        config = Content(_CONFIG, _member(saved, listed["Config"], image).read(MAX_CONFIG))
        layers = []
        for path in listed["Layers"]:
            with tempfile.TemporaryFile() as packed:
                layer = _packed(_member(saved, path, image), packed)
                written = artifacts.upload(layer)
            on_output(f"{layer.digest}: {'pushed' if written else 'is there already'}")
            layers.append({"mediaType": _LAYER, "digest": layer.digest, "size": layer.size})
    artifacts.upload(config)
    manifest = Content(
        _MANIFEST,
        _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": Descriptor.of(config).as_json(),
                "layers": layers,
            }
        ),
    )
    found = Descriptor.of(manifest)
    artifacts.put(found.digest, manifest)
    return found


def _member(saved: tarfile.TarFile, path: str, image: LocalImage) -> IO[bytes]:
    try:
        found = saved.extractfile(path)  # a layer that is twice in an image is a link to the other one
    except KeyError:
        found = None
    if found is None:
        raise EngineError(f"The Docker engine gave {image.reference} without its file {path}")
    return found


def _packed(layer: IO[bytes], packed: IO[bytes]) -> FileContent:
    """Write a layer as gzip, always the same for the same layer; what is gzip already stays as it is."""
    begin = layer.read(len(_GZIP))
    layer.seek(0)
    if begin == _GZIP:
        shutil.copyfileobj(layer, packed, _CHUNK)
    else:
        with gzip.GzipFile("", "wb", _LEVEL, packed, mtime=0) as output:
            shutil.copyfileobj(layer, output, _CHUNK)
    size = packed.tell()
    packed.seek(0)
    digest = hashlib.sha256()
    while piece := packed.read(_CHUNK):
        digest.update(piece)
    return FileContent(_LAYER, packed, f"sha256:{digest.hexdigest()}", size)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
