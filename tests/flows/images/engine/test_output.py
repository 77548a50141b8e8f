"""The engine's events as lines, and advice from its words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flows.images import BuildFailed, ImageReference
from flows.images.advice import build_advice, is_temporary, push_advice
from flows.images.engine import output
from flows.images.engine.output import Output


def taken(*events) -> tuple[Output, list[str]]:
    lines: list[str] = []
    output = Output(lines.append)
    for event in events:
        output.take(event)
    output.close()
    return output, lines


class TestOutput:
    def test_whole_lines(self):
        _, lines = taken(
            {"stream": "one\ntw"}, {"stream": "o\n\n"}, {"stream": "50%\r100%\n"}, {"stream": "end"}
        )
        assert lines == ["one", "two", "50%", "100%", "end"]

    def test_step_and_its_tail(self):
        output, _ = taken(
            {"stream": "Step 1/2 : FROM x\n"},
            {"stream": "old\n"},
            {"stream": "Step 2/2 : RUN y\n"},
            {"stream": " ---> Running in 1\n"},
            *({"stream": f"line {number}\n"} for number in range(30)),
            {"stream": "Removing intermediate container 1\n"},
        )
        assert output.step == "2/2 : RUN y"
        assert list(output.tail) == [f"line {number}" for number in range(10, 30)]

    def test_results(self):
        output, lines = taken(
            {"aux": {"ID": "sha256:stage"}},
            {"aux": {"ID": "sha256:image"}},
            {"aux": {"Tag": "1", "Digest": "sha256:manifest", "Size": 5}, "progressDetail": {}},
        )
        assert (output.image_id, output.digest, lines) == ("sha256:image", "sha256:manifest", [])

    def test_error(self):
        output, _ = taken({"error": "short", "errorDetail": {"message": "long\n"}})
        assert output.error == "long"
        assert taken({"error": "short"})[0].error == "short"

    def test_progress_is_thinned_out(self, monkeypatch):
        now = [0.0]
        monkeypatch.setattr(output, "time", SimpleNamespace(monotonic=lambda: now[0]))
        progress = {"id": "a1", "status": "Pushing", "progressDetail": {"current": 1}, "progress": "[=> ]"}
        lines: list[str] = []
        shown = output.Output(lines.append)
        shown.take({"id": "a1", "status": "Preparing"})
        for now[0] in (0.0, 0.5, 0.9, 1.0, 1.5, 1.9):
            shown.take(progress)
        shown.take({"id": "a1", "status": "Pushed"})
        assert lines == ["a1: Pushing [=> ]"] * 2 + ["a1: Pushed"]


class TestAdvice:
    REFERENCE = ImageReference("example.com:5000", "team/plugin", "0.1.0")

    @pytest.mark.parametrize(
        ("reason", "words", "temporary"),
        [
            ("no basic auth credentials", "user who may push to team/plugin", False),
            ("unauthorized: authentication required", "docker login example.com:5000", False),
            ("denied: requested access to the resource is denied", "user who may push", False),
            ("server gave HTTP response to HTTPS client", "`insecure-registries`", False),
            (
                "x509: certificate signed by unknown authority",
                "/etc/docker/certs.d/example.com:5000/ca.crt",
                False,
            ),
            ("dial tcp 127.0.0.1:1: connect: connection refused", "Check the address", True),
            ("lookup example.com: no such host", "Check the address", True),
            ("received unexpected HTTP status: 503 Service Unavailable", "Check the address", True),
            ("received unexpected HTTP status: 500 Internal Server Error", "", True),
            ("tag 0.1.0 is immutable", "bump src/VERSION", False),
            ("name unknown: The repository does not exist", "Create the project or repository", False),
            ("An image does not exist locally with the tag: x", "Build the image first", False),
            ("blob sha256:4290500 is odd", "Look at the log of example.com:5000", False),
        ],
    )
    def test_push(self, reason, words, temporary):
        assert words in push_advice(reason, self.REFERENCE)
        assert is_temporary(reason) is temporary

    @pytest.mark.parametrize(
        ("reason", "step", "words"),
        [
            ("dockerfile parse error line 2: unknown instruction: FOO", None, "Correct the Dockerfile"),
            ("pull access denied", "1/4 : FROM python:3.11", "no 'python:3.11' and cannot pull it"),
            ("file not found", "2/4 : COPY src /src", ".dockerignore"),
            ("returned a non-zero code: 1", "3/4 : RUN pip install x", "Run the step by hand"),
        ],
    )
    def test_build(self, reason, step, words):
        assert words in build_advice(reason, step)

    def test_failed_build_says_all_of_it(self):
        error = BuildFailed(
            "team/plugin:1", reason="returned 1", step="2/3 : RUN x", output=["a", "b"], advice="Do this"
        )
        assert str(error) == (
            "Building team/plugin:1 failed in step 2/3 : RUN x: returned 1. Do this.\n    a\n    b"
        )
        assert (error.step, error.details) == ("2/3 : RUN x", ("a", "b"))
