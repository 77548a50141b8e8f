"""What is read of the engine's answer to an inspection."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.images import ImageReference
from flows.images.engine import LocalImage

REFERENCE = ImageReference("127.0.0.1:5000", "team/plugin", "0.1.0")
FOUND = {
    "Id": "sha256:3242bdec4f4356d1",
    "Created": "2025-11-24T20:25:24.123456789Z",
    "Size": 155_000_000,
    "Config": {
        "User": "65532:65532",
        "ExposedPorts": {"8080/tcp": {}, "50051/tcp": {}},
        "Labels": {"color": "blue"},
    },
}


def test_what_the_engine_says():
    image = LocalImage.of(REFERENCE, FOUND)
    assert image.short_id == "3242bdec4f43"
    assert image.created == datetime(2025, 11, 24, 20, 25, 24, 123456, UTC)
    assert image.as_json() == {
        "id": "sha256:3242bdec4f4356d1",
        "created": "2025-11-24T20:25:24+00:00",
        "size": 155_000_000,
        "user": "65532:65532",
        "ports": ["50051/tcp", "8080/tcp"],
        "labels": {"color": "blue"},
    }


def test_what_it_leaves_out():
    """Engines say null, "" or nothing, by version."""
    config = {"User": None, "ExposedPorts": None, "Labels": None}
    for found in ({"Id": "sha256:1"}, {"Id": "sha256:1", "Created": "", "Size": None, "Config": config}):
        image = LocalImage.of(REFERENCE, found)
        assert (image.created, image.size, image.user, image.ports, image.labels) == (None, 0, "", (), {})
        assert image.as_json()["created"] is None
