"""What is read of an image's files, also of a hostile image's."""

import io
import tarfile

import pytest

from flows.images import errors
from flows.images.attestation import packages
from flows.images.attestation.packages import Package, read_packages

DPKG = """\
Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b13
Description: a shell
 Version: not a field

Package: gone
Status: deinstall ok config-files
Version: 1

Package: nameless-version
Status: install ok installed
"""
METADATA = (
    "Metadata-Version: 2.1\nName: Zope.Interface_x\nVersion: 5.0\nLicense: a\n  Name: b\n\nName: other\n"
)


def archive(*entries):
    """A tar file of (path, content) pairs; a TarInfo stands for itself."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            content = entry[1].encode() if isinstance(entry[1], str) else entry[1]
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return [output.getvalue()]


def link(path, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(path)
    info.type, info.linkname = kind, target
    return info


def read(*entries):
    return read_packages(archive(*entries), "x:1")


def test_packages_of_debian_alpine_and_python_are_read():
    found = read(
        ("usr/lib/os-release", 'NAME="Debian"\nID=debian\nVERSION_ID="12"\n'),
        ("var/lib/dpkg/status", DPKG),
        ("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12\nArchitecture: amd64\n"),
        ("lib/apk/db/installed", "C:Q1\nP:musl\nV:1.2-r0\nA:x86_64\n\nP:zlib\nV:1.3\n"),
        ("opt/venv/lib/python3.11/site-packages/zope.dist-info/METADATA", METADATA),
        ("usr/lib/python3/dist-packages/six.egg-info/PKG-INFO", "Name: six\nVersion: 1.16\n"),
    )
    assert found.release == {"ID": "debian", "VERSION_ID": "12"}
    assert found.packages == (
        Package("apk", "musl", "1.2-r0", "x86_64"),
        Package("apk", "zlib", "1.3"),
        Package("deb", "base-files", "12", "amd64"),
        Package("deb", "bash", "5.2.15-2+b13", "amd64"),
        Package("pypi", "six", "1.16", path="usr/lib/python3/dist-packages/six.egg-info/PKG-INFO"),
        Package(
            "pypi",
            "zope-interface-x",
            "5.0",
            path="opt/venv/lib/python3.11/site-packages/zope.dist-info/METADATA",
        ),
    )
    assert str(found) == "2 apk, 2 deb, 2 pypi"


SITE = "opt/venv/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (
            "plugin_x-1.2.0-py3.11.egg/EGG-INFO/PKG-INFO",
            "Metadata-Version: 2.1\nName: plugin-x\nVersion: 1.2.0\n",
        ),
        ("plugin_x-1.2.0-py3.11.egg-info", "Metadata-Version: 1.0\nName: plugin_x\nVersion: 1.2.0\n"),
        ("plugin_x-1.2.0-py3.11.egg", b"PK\x03\x04, a zip file whose name says what it is"),
        ("plugin_x-1.2.0-py3.11-linux-x86_64.egg", b"PK\x03\x04"),
        ("plugin_x-1.2.0.egg", b"PK\x03\x04"),
    ],
)
def test_what_setup_py_install_puts_there_is_read(path, content):
    """SpaceONE's plugins are installed so: an egg, as a folder or a zip file, or a file of metadata."""
    assert read((f"{SITE}/{path}", content)).packages == (
        Package("pypi", "plugin-x", "1.2.0", path=f"{SITE}/{path}"),
    )


@pytest.mark.parametrize(
    "path",
    [
        "a.egg",
        "-1.egg",
        "a-.egg",
        "a-1.egg/other",
        "a-1.egg/x/EGG-INFO/PKG-INFO",
        "a\x1b-1.egg",
        "a-1.egg-info/x",
    ],
)
def test_what_only_looks_like_an_egg_is_no_package(path):
    assert read((f"{SITE}/{path}", "")).packages == ()


def test_an_image_without_any():
    assert read(("etc/passwd", "root")).packages == ()
    assert str(read()) == "no packages"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_not_followed(kind, tmp_path):
    outside = tmp_path / "status"
    outside.write_text(DPKG)
    assert read(link("var/lib/dpkg/status", str(outside), kind)).packages == ()


@pytest.mark.parametrize("path", ["../var/lib/dpkg/status", "x/var/lib/dpkg/status", "var/lib/dpkg/status.d"])
def test_other_paths_are_not_read(path):
    assert read((path, DPKG)).packages == ()


@pytest.mark.parametrize(
    "text",
    [
        "Name: \x1b[2J\nVersion: 1\n",
        f"Name: {'x' * 300}\nVersion: 1\n",
        "Name: a\nVersion: 1\u202e2\n",
        "Name:\nVersion: 1\n",
        "\x00" * 1000,
        "",
    ],
)
def test_what_is_no_name_or_version_is_left_out(text):
    assert read(("a.dist-info/METADATA", text)).packages == ()


def test_an_os_release_that_is_not_words_is_left_out():
    assert read(("etc/os-release", "ID=$(reboot)\nVERSION_ID=1?x=2\n")).release == {}


def test_of_metadata_only_the_beginning_is_read(monkeypatch):
    monkeypatch.setattr(packages, "MAX_METADATA", 30)
    found = read(("a.dist-info/METADATA", "Name: a\nVersion: 1\n\n" + "x" * 1000))
    assert [package.name for package in found.packages] == ["a"]


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_FILE", 100, "has 'var/lib/dpkg/status' with more than"),
        ("MAX_TOTAL", 100, "has lists of packages with more than"),
        ("MAX_ENTRIES", 0, "has more than 0 files"),
        ("MAX_PACKAGES", 0, "lists more than 0 packages"),
    ],
)
def test_what_exceeds_a_limit_is_refused(monkeypatch, limit, value, words):
    monkeypatch.setattr(packages, limit, value)
    with pytest.raises(errors.PackagesUnreadable, match=f"x:1 {words}"):
        read(("var/lib/dpkg/status", DPKG))


def test_what_is_no_archive_is_refused():
    with pytest.raises(errors.PackagesUnreadable, match="x:1 has files that cannot be read"):
        read_packages([b"<html>" * 1000], "x:1")
