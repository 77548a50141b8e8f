"""Which engine has which BuildKit, and its events as lines."""

from __future__ import annotations

import base64

import pytest

from flows.images import SourceError
from flows.images.engine import Engine
from flows.images.engine.buildkit import Trace, engine_with, frontend, is_podman
from flows.images.engine.output import Output
from flows.images.source import PluginSource


@pytest.mark.parametrize(
    ("version", "syntax"),
    [
        ("20.10.24+dfsg1", (1, 2)),
        ("19.03.15", None),
        ("23.0.6", (1, 4)),
        ("28.5.1", (1, 14)),
        ("31.0.0-rc.1", (1, 19)),
        ("dev", None),
        ("", None),
    ],
)
def test_the_syntax_of_an_engine(version, syntax):
    assert frontend({"Version": version, "Os": "linux"}) == syntax


def test_other_engines():
    assert frontend({"Version": "28.0.0", "Os": "windows"}) is None
    assert is_podman({"Components": [{"Name": "Podman Engine"}, {}]})
    assert not is_podman({"Components": None})


def test_the_engine_to_use():
    assert engine_with((1, 2)) == "20.10"
    assert engine_with((1, 4)) == "23.0"
    assert engine_with((99, 0)) == ""


def message(*fields):
    """A message of protobuf: fields with bytes, which may be messages, or numbers."""
    found = b""
    for number, value in fields:
        if isinstance(value, int):
            found += bytes([number << 3, value])
        else:
            found += bytes([number << 3 | 2, len(value)]) + value
    return found


def trace(*fields):
    return {"id": "moby.buildkit.trace", "aux": base64.b64encode(message(*fields)).decode()}


def test_events_are_lines_and_steps():
    step = (1, message((1, b"sha256:1"), (3, b"[stage-1 2/3] RUN false"), (5, b"")))
    log = (3, message((1, b"sha256:1"), (4, b"no \xff such\nfile")))
    waiting = (1, message((1, b"sha256:2"), (3, b"[3/3] COPY a b")))
    events = (
        trace((1, message((1, b"sha256:0"), (3, b"[internal] load"), (4, 1)))),
        trace(step, waiting),
        trace(step, log),
        {"id": "moby.image.id", "aux": {"ID": "sha256:3"}},
        {"error": "exit code: 1"},
    )
    lines = []
    output, translate = Output(lines.append), Trace()
    for event in events:
        for each in translate.events(event):
            output.take(each)
    output.close()
    assert lines == ["[internal] load", "Step 2/3 : RUN false", "no \ufffd such", "file"]
    assert (output.step, list(output.tail)) == ("2/3 : RUN false", ["no \ufffd such", "file"])
    assert (output.image_id, output.error) == ("sha256:3", "exit code: 1")


@pytest.mark.parametrize("aux", ["", "AA==", "/////w==", base64.b64encode(b"\x0a\xff" * 50).decode()])
def test_a_broken_event_says_nothing(aux):
    assert list(Trace().events({"id": "moby.buildkit.trace", "aux": aux})) in ([], [{"stream": "\n\n"}])


class Docker:
    """docker's client, as far as it tells its version."""

    def __init__(self, **version):
        self.answer, self.api = version, self

    def version(self):
        return self.answer


class TestWhatTheEngineHas:
    @pytest.fixture
    def builds(self, plugin):
        def builds(line, **version):
            (plugin / "Dockerfile").write_text(f"FROM scratch\nCOPY src /src\n{line}\n")
            engine = Engine(Docker(**{"Version": "20.10.24", "Os": "linux", **version}), "unix:///x")
            return engine.builds_with_buildkit(PluginSource.load(plugin))

        return builds

    def test_the_classic_builder_is_enough(self, builds):
        assert not builds("RUN x", Version="1.0")

    def test_buildkit_is_used_where_the_engine_has_it(self, builds):
        assert builds("RUN --mount=type=cache,target=/x y")
        assert builds("RUN <<EOF\nx\nEOF", Version="23.0.0")

    def test_an_older_one_is_refused_with_line_and_remedy(self, builds, plugin):
        with pytest.raises(SourceError) as caught:
            builds("RUN <<EOF\nx\nEOF")
        assert str(caught.value) == (
            f"{plugin / 'Dockerfile'}: line 3 has a heredoc, which the builder of the Docker engine does not have "
            "(unix:///x, version 20.10.24). Write one RUN with `&& \\`, or put the text into a file and copy it, or "
            "use an engine with Docker 23.0 or later."
        )

    def test_without_buildkit(self, builds):
        with pytest.raises(
            SourceError, match="line 3 has COPY --chmod, .* RUN after it, .* Docker 20.10 or later"
        ):
            builds("COPY --chmod=1 src /x", Version="19.03.1")

    def test_what_nobody_knows(self, builds):
        with pytest.raises(SourceError, match=r"line 3 has COPY --new, .*Write it without COPY --new\.$"):
            builds("COPY --new src /x", Version="31.0.0")

    def test_podman_has_one_builder(self, builds):
        assert not builds("RUN <<EOF\nx\nEOF", Version="5.0.0", Components=[{"Name": "Podman Engine"}])
