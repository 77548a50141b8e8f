import os
import socket
from pathlib import Path

import pytest

from flows.files import Folder, Refused, read_named


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "source"
    (root / "src").mkdir(parents=True)
    (root / "src" / "VERSION").write_text("0.1.0")
    (tmp_path / "outside").write_text("a secret")
    return Folder(root)


def reason(folder, name, limit=100):
    with pytest.raises(Refused) as refused:
        folder.read(name, limit)
    assert refused.value.filename == str(folder.path / name)
    return refused.value.strerror


def test_a_file_is_read(folder):
    assert folder.read("src/VERSION", 100) == b"0.1.0"
    assert folder.is_file("src/VERSION")


def test_a_link_inside_is_followed(folder):
    (folder.path / "VERSION").symlink_to("src/../src/VERSION")
    (folder.path / "linked").symlink_to(folder.path / "src")
    assert folder.read("VERSION", 100) == b"0.1.0"
    assert folder.read("linked/VERSION", 100) == b"0.1.0"


def test_links_in_the_path_of_the_folder_are_followed(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder.path)
    assert Folder(tmp_path / "link").read("src/VERSION", 100) == b"0.1.0"


@pytest.mark.parametrize(
    "target", ["../outside", "/etc/passwd", "/proc/self/environ", "/dev/zero", "src/../../outside"]
)
def test_a_link_that_leads_out_is_refused(folder, target):
    (folder.path / "VERSION").symlink_to(target)
    assert reason(folder, "VERSION") == f"leads out of {folder.path}"
    assert not folder.is_file("VERSION")


def test_a_folder_that_leads_out_is_refused(folder):
    (folder.path / "there").symlink_to("..")
    assert reason(folder, "there/outside") == f"leads out of {folder.path}"


@pytest.mark.parametrize("name", ["../outside", "src/../../outside", "/etc/passwd"])
def test_a_path_that_leads_out_is_refused(folder, name):
    with pytest.raises(Refused, match="leads out"):
        folder.read(name, 100)


def test_a_link_into_a_circle_is_refused(folder):
    (folder.path / "a").symlink_to("b")
    (folder.path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        folder.read("a", 100)


def test_a_pipe_is_refused_without_waiting(folder):
    os.mkfifo(folder.path / "pipe")
    assert reason(folder, "pipe") == "is a pipe"


def test_a_socket_is_refused(folder, monkeypatch):
    monkeypatch.chdir(folder.path)  # the path of a socket has a short limit
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(OSError, match="No such device or address"):
            folder.read("socket", 100)


def test_a_folder_is_refused(folder):
    assert reason(folder, "src") == "is a folder"
    assert reason(folder, ".") == "is a folder"


def test_a_large_file_is_refused(folder):
    (folder.path / "large").write_bytes(b"x" * 2049)
    assert reason(folder, "large", 2048) == "has more than 2 KiB"
    assert reason(folder, "large", 5) == "has more than 5 bytes"
    assert len(folder.read("large", 2049)) == 2049


def test_a_sparse_file_is_not_read(folder):
    with (folder.path / "sparse").open("wb") as file:
        file.truncate(2**40)
    assert reason(folder, "sparse", 3 * 2**20) == "has more than 3 MiB"


def test_a_null_character_is_refused(folder):
    assert reason(folder, "a\0b") == "has a name with a null character"


def test_a_missing_file(folder):
    with pytest.raises(FileNotFoundError):
        folder.read("nothing", 100)
    assert not folder.is_file("nothing")


def test_a_part_that_becomes_a_link_after_the_check_is_not_followed(folder, monkeypatch):
    real = os.path.realpath

    def exchange(path, *rest, **options):
        found = real(path, *rest, **options)
        if str(path).endswith("src/VERSION"):
            (folder.path / "src").rename(folder.path / "gone")
            (folder.path / "src").symlink_to(folder.path.parent)
            (folder.path.parent / "VERSION").write_text("a secret")
        return found

    monkeypatch.setattr("flows.files.os.path.realpath", exchange)
    with pytest.raises(NotADirectoryError):
        folder.read(Path("src/VERSION"), 100)


class TestNamed:
    """A file that the user names: its links are the user's own."""

    def test_a_link_is_followed_wherever_it_leads(self, folder, tmp_path):
        (folder.path / "link").symlink_to(tmp_path / "outside")
        assert read_named(folder.path / "link", 100) == b"a secret"

    @pytest.mark.parametrize(("name", "words"), [("/dev/zero", "is a device"), ("a\0b", "null character")])
    def test_what_is_no_file(self, name, words):
        with pytest.raises(Refused, match=words):
            read_named(Path(name), 100)

    def test_a_large_file(self, tmp_path):
        (tmp_path / "large").write_bytes(b"x" * 101)
        with pytest.raises(Refused, match="has more than 100 bytes"):
            read_named(tmp_path / "large", 100)
