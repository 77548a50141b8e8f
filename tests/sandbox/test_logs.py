from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sandbox import logs
from sandbox.logs import ContainerLog, FileLog, Line
from tests.waiting import PATIENCE


class Stream:
    """What the engine sends; without chunks it sends nothing until it is closed."""

    def __init__(self, chunks: list[bytes] | None) -> None:
        self._chunks = iter(chunks or ())
        self._closed = threading.Event()
        if chunks is not None:
            self._closed.set()

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self._closed.wait(PATIENCE)
            raise

    def close(self) -> None:
        self._closed.set()


def container(text: bytes, stream: list[bytes] | None = None) -> Any:
    """A container as the engine tells its log: with a time before each line."""

    def read(*, tail: int | str = "all", stream: bool = False, **_: Any) -> Any:
        if stream:
            return Stream(chunks)
        lines = text.splitlines(keepends=True)
        return b"".join(lines if tail == "all" else lines[-int(tail) :])

    chunks = stream
    return SimpleNamespace(logs=read)


def one() -> ContainerLog:
    return ContainerLog("one", container(b"2026-01-01T00:00:01Z a\n2026-01-01T00:00:03Z c\n"))


def two() -> ContainerLog:
    return ContainerLog("two", container(b"2026-01-01T00:00:02Z b b\n2026-01-01T00:00:04Z d\n"))


def test_lines_are_merged_by_time():
    found = list(logs.merged([one(), two()], 0))
    assert [(line.part, line.text) for line in found] == [
        ("one", "a"),
        ("two", "b b"),
        ("one", "c"),
        ("two", "d"),
    ]


def test_the_last_lines_of_each():
    assert [line.text for line in logs.merged([one(), two()], 1)] == ["c", "d"]


def test_only_a_line_feed_ends_a_line(tmp_path: Path):
    """A plugin that prints another separator cannot forge a line, nor the time of one."""
    words = "a\u20282020-01-01T00:00:00Z forged\x0bb\x85c"
    log = ContainerLog("one", container(f"2026-01-01T00:00:01Z {words}\n".encode()))
    assert [line.text for line in logs.merged([log], 0)] == [words]
    path = tmp_path / "worker.log"
    path.write_text(f"{words}\n\nlast", encoding="utf-8")
    assert [line.text for line in FileLog("worker", path).last(0)] == [words, "", "last"]
    path.write_text("")
    assert FileLog("worker", path).last(0) == []


def test_the_engine_may_send_half_a_line():
    log = ContainerLog(
        "one", container(b"", [b"2026-01-01T00:00:01Z fi", b"rst\n2026-01-01T00:00:02Z sec", b"ond\n"])
    )
    assert [line.text for line in logs.follow([log])] == ["first", "second"]


def test_a_file_is_read_and_followed(tmp_path: Path):
    path = tmp_path / "worker.log"
    path.write_text("old\nlast\n")
    log = FileLog("worker", path)
    assert [line.text for line in log.last(1)] == ["last"]
    found: list[Line] = []

    def write() -> None:
        with path.open("a") as file:
            file.write("new\n")

    lines = log.follow()
    threading.Timer(0.2, write).start()
    found.append(next(lines))
    assert [line.text for line in found] == ["new"]


def test_following_ends_when_the_containers_have_ended():
    assert (
        list(logs.follow([ContainerLog("one", container(b"", [])), ContainerLog("two", container(b"", []))]))
        == []
    )


def test_what_was_written_between_reading_and_following_is_not_lost_and_not_repeated():
    before = b"2026-01-01T00:00:01.000000001Z seen\n"
    after = b"2026-01-01T00:00:01.000000002Z written meanwhile\n"
    log = ContainerLog("one", container(before, [before, after]))
    assert [line.text for line in log.last(0)] == ["seen"]
    assert [line.text for line in log.follow()] == ["written meanwhile"]


def test_the_same_of_a_file(tmp_path: Path):
    path = tmp_path / "worker.log"
    path.write_text("seen\n")
    log = FileLog("worker", path)
    log.last(0)
    with path.open("a") as file:
        file.write("written meanwhile\n")
    assert next(log.follow()).text == "written meanwhile"


def test_who_stops_following_ends_all_that_reads(tmp_path: Path):
    path = tmp_path / "worker.log"
    path.write_text("")
    before = threading.active_count()
    lines = logs.follow([one(), FileLog("worker", path)])
    path.write_text("new\n")
    assert next(lines).text == "new"
    assert threading.active_count() == before + 2
    lines.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before
