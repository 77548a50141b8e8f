import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime

import pytest

from flows.images.engine.reproducible import MAX_CONFIG, normalised, repack, with_times

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BUILT = {
    "architecture": "amd64",
    "os": "linux",
    "config": {
        "Hostname": "",
        "User": "65532:65532",
        "Env": ["PATH=/usr/bin"],
        "Entrypoint": ["python", "-m", "plugin"],
        "Image": "sha256:parent",
        "Labels": {"b": "2", "a": "1"},
        "Volumes": None,
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1},
    },
    "container": "0123",
    "container_config": {"Hostname": "0123"},
    "created": "2026-11-25T20:00:00.123Z",
    "docker_version": "20.10.24+dfsg1",
    "history": [
        {"created": "2020-01-01T00:00:00Z", "created_by": "base"},
        {"created": "2026-11-25T20:00:00Z", "created_by": "LABEL", "empty_layer": True, "comment": "x"},
    ],
    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{'1' * 64}"]},
}


def encoded(**changes):
    return json.dumps({**BUILT, **changes}).encode()


def saved(files):
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for path, content in files:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    data = output.getvalue()
    return (data[at : at + 700] for at in range(0, len(data), 700))


def test_two_builds_differ_in_nothing_afterwards():
    other = encoded(
        created="2027-01-01T00:00:00Z",
        container="4567",
        container_config={},
        docker_version="24.0",
        config={**BUILT["config"], "Image": "sha256:another", "Hostname": "x", "OnBuild": []},
        history=[{**step, "created": "2027-01-01T00:00:00Z"} for step in BUILT["history"]],
    )
    assert normalised(encoded(), CREATED) == normalised(other, CREATED)


def test_what_the_image_does_stays():
    found = json.loads(normalised(encoded(variant="v8", author="ann"), CREATED))
    assert found["config"] == {
        key: BUILT["config"][key] for key in ("User", "Env", "Entrypoint", "Labels", "Healthcheck")
    }
    assert found["created"] == "2026-01-02T03:04:05Z"
    assert found["history"] == [
        {"created": "2026-01-02T03:04:05Z", "created_by": "base"},
        {"created": "2026-01-02T03:04:05Z", "created_by": "LABEL", "empty_layer": True, "comment": "x"},
    ]
    assert found["rootfs"] == BUILT["rootfs"]
    assert (found["architecture"], found["os"], found["variant"]) == ("amd64", "linux", "v8")


@pytest.mark.parametrize(
    "change",
    [
        {"rootfs": {"type": "layers", "diff_ids": [f"sha256:{'2' * 64}"]}},
        {"config": {**BUILT["config"], "User": "0"}},
        {"history": BUILT["history"][:1]},
        {"architecture": "arm64"},
    ],
)
def test_another_image_stays_another_one(change):
    assert normalised(encoded(), CREATED) != normalised(encoded(**change), CREATED)


def test_an_image_without_configuration_and_history():
    found = json.loads(normalised(b'{"rootfs": {"diff_ids": []}}', CREATED))
    assert (found["config"], found["history"]) == ({}, [])


def tar(*entries, form=tarfile.PAX_FORMAT):
    """A layer: (path, type, time, content or target) each."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=form) as archive:
        for path, kind, time, content in entries:
            info = tarfile.TarInfo(path)
            info.type, info.mtime = kind, time
            if kind == tarfile.REGTYPE:
                info.size = len(content)
                info.pax_headers = {"SCHILY.xattr.user.x": "y"}
                archive.addfile(info, io.BytesIO(content))
            else:
                info.linkname = content
                archive.addfile(info)
    return output.getvalue()


def times(layer):
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        return {member.name: member.mtime for member in archive}


LONG = "d/" * 80
LAYER = (
    ("src", tarfile.DIRTYPE, 111, ""),
    ("src/a.py", tarfile.REGTYPE, 222, b"x" * 1000),
    ("src/empty", tarfile.REGTYPE, 333, b""),
    ("src/link", tarfile.SYMTYPE, 444, "a.py"),
    ("src/.wh.gone", tarfile.REGTYPE, 555, b""),
    (f"{LONG}b.py", tarfile.REGTYPE, 666, b"y" * 512),
    (f"{LONG}folder", tarfile.DIRTYPE, 777, ""),
    (f"{LONG}.wh.more", tarfile.REGTYPE, 888, b""),
)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_all_but_files_get_the_same_time(form):
    layer = tar(*LAYER, form=form)
    changed = b"".join(with_times(io.BytesIO(layer), 999))
    assert len(changed) == len(layer)
    assert times(changed) == {
        "src": 999,
        "src/a.py": 222,
        "src/empty": 333,
        "src/link": 999,
        "src/.wh.gone": 999,
        f"{LONG}b.py": 666,
        f"{LONG}folder": 999,
        f"{LONG}.wh.more": 999,
    }


def test_nothing_else_of_a_layer_changes():
    layer = tar(*LAYER)
    other = tar(*((path, kind, 999, content) for path, kind, _, content in LAYER))
    assert b"".join(with_times(io.BytesIO(other), 999)) == other
    with (
        tarfile.open(fileobj=io.BytesIO(layer)) as before,
        tarfile.open(fileobj=io.BytesIO(b"".join(with_times(io.BytesIO(layer), 999)))) as after,
    ):
        for one, two in zip(before, after, strict=True):
            assert {**one.get_info(), "mtime": 0, "chksum": 0} == {**two.get_info(), "mtime": 0, "chksum": 0}
            assert one.pax_headers == two.pax_headers


@pytest.mark.parametrize("layer", [b"", bytes(1024), tar()])
def test_an_empty_layer_stays(layer):
    assert b"".join(with_times(io.BytesIO(layer), 999)) == layer


def test_a_file_that_looks_like_headers_is_content():
    inner = tar(("x", tarfile.DIRTYPE, 1, ""))
    layer = tar(("a.tar", tarfile.REGTYPE, 2, inner))
    assert inner in b"".join(with_times(io.BytesIO(layer), 999))


BASE, OWN = tar(("etc", tarfile.DIRTYPE, 5, "")), tar(("src", tarfile.DIRTYPE, 6, ""))
LARGE = tar(("large", tarfile.REGTYPE, 7, b"z" * (MAX_CONFIG + 1)), ("src", tarfile.DIRTYPE, 6, ""))


def digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("own", [OWN, LARGE])
@pytest.mark.parametrize("base", [BASE, LARGE + bytes(512)])
def test_an_image_is_packed_again_with_its_own_layers(own, base):
    config = encoded(rootfs={"type": "layers", "diff_ids": [digest(base), digest(own)]})
    files = [
        ("0/VERSION", b"1.0"),
        ("0/layer.tar", base),
        ("1/layer.tar", own),
        ("c.json", config),
        ("m", b"[]"),
    ]
    output = io.BytesIO()
    found = repack(saved(files), digest(config), [digest(own)], CREATED, "x:1", output)
    seconds = int(CREATED.timestamp())
    changed = b"".join(with_times(io.BytesIO(own), seconds))
    output.seek(0)
    with tarfile.open(fileobj=output) as archive:
        (entry,) = json.load(archive.extractfile("manifest.json"))
        written = archive.extractfile(entry["Config"]).read()
        assert digest(written) == found
        assert entry["RepoTags"] == ["x:1"]
        assert entry["Layers"] == [f"{digest(each)[7:]}.tar" for each in (base, changed)]
        assert archive.getnames() == [entry["Layers"][1], entry["Config"], "manifest.json"]
        assert archive.extractfile(entry["Layers"][1]).read() == changed
    assert json.loads(written)["rootfs"]["diff_ids"] == [digest(base), digest(changed)]


def test_another_store_has_no_such_configuration():
    assert repack(saved([("a.json", encoded())]), digest(b"x"), [], CREATED, "x:1", io.BytesIO()) is None
