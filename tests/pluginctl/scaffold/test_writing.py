from __future__ import annotations

import os
from pathlib import Path

import pytest

from pluginctl.scaffold import writing
from pluginctl.scaffold.errors import InitRefused
from pluginctl.scaffold.writing import File, missing, write

FILES = [File("a/b/c.yaml", "c\n"), File("d.yaml", "d\n")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def test_files_and_their_folders_are_made(root):
    assert missing(root, FILES) == FILES
    assert write(root, FILES) == ["a/b/c.yaml", "d.yaml"]
    assert (root / "a/b/c.yaml").read_text() == "c\n"
    assert missing(root, FILES) == []


def test_what_exists_is_kept(root):
    (root / "d.yaml").write_text("mine")
    assert missing(root, FILES) == FILES[:1]
    assert write(root, FILES) == ["a/b/c.yaml"]
    assert (root / "d.yaml").read_text() == "mine"


@pytest.mark.parametrize("target", ["nowhere", "../elsewhere.yaml"])
def test_a_link_in_the_place_of_a_file_is_kept_and_not_followed(root, target):
    (root / "d.yaml").symlink_to(target)
    assert missing(root, FILES) == FILES[:1]
    write(root, FILES)
    assert not (root / target).exists()
    assert (root / "d.yaml").is_symlink()


@pytest.mark.parametrize("link", ["a", "a/b"])
def test_no_folder_is_reached_by_a_link(root, link):
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(elsewhere)
    for function in (missing, write):
        with pytest.raises(InitRefused, match="is a link"):
            function(root, FILES)
    assert list(elsewhere.iterdir()) == []


def test_a_link_that_comes_after_the_look_is_not_followed(root, monkeypatch):
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    mkdir = os.mkdir

    def exchanged(name, **options):
        mkdir(name, **options)
        if name == "b":
            (root / "a/b").rmdir()
            (root / "a/b").symlink_to(elsewhere)

    monkeypatch.setattr(writing.os, "mkdir", exchanged)
    with pytest.raises(InitRefused, match="is a link"):
        write(root, FILES)
    assert list(elsewhere.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_named(root):
    (root / "a").write_text("")
    with pytest.raises(InitRefused, match=r"a cannot be written: Not a directory"):
        write(root, FILES)


def test_half_a_file_is_not_left(root, monkeypatch):
    class Full:
        def __init__(self, descriptor, *_, **__):
            os.close(descriptor)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, _):
            raise OSError(28, "No space left on device")

    assert write(root, FILES[1:]) == ["d.yaml"]
    monkeypatch.setattr(writing.os, "fdopen", Full)
    with pytest.raises(InitRefused, match="No space left") as caught:
        write(root, FILES)
    assert not caught.value.changed
    assert not (root / "a/b/c.yaml").exists()


def test_an_error_says_whether_something_was_written(root):
    (root / "x").write_text("")
    with pytest.raises(InitRefused) as caught:
        write(root, [*FILES, File("x/y.yaml", "")])
    assert caught.value.changed
    assert caught.value.exit_code == 1
