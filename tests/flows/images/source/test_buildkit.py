"""What of a Dockerfile needs BuildKit."""

from __future__ import annotations

import pytest

from flows.images.source.buildkit import foreign_frontend, needs
from flows.images.source.dockerfile import parse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM a\nRUN --mount=type=cache,target=/x y", [(2, "RUN --mount", (1, 2))]),
        ("FROM a\nCOPY --chmod=755 --chown=1 a b", [(2, "COPY --chmod", (1, 2))]),
        ("FROM a\nADD --chmod=755 a b", [(2, "ADD --chmod", (1, 2))]),
        ("FROM a\nCOPY --link a b\nRUN x", [(2, "COPY --link", (1, 4))]),
        ("FROM a\nRUN x \\\n y\nRUN <<EOF\nx\nEOF", [(4, "a heredoc", (1, 4))]),
        ("FROM a\nCOPY <<EOF /x\nx\nEOF", [(2, "a heredoc", (1, 4))]),
        ("FROM a\nADD --checksum=sha256:1 https://x /x", [(2, "ADD --checksum", (1, 6))]),
        ("FROM a\nADD git@github.com:a/b.git /x", [(2, "ADD of a git repository", (1, 6))]),
        ("FROM a\nCOPY --new=1 a b", [(2, "COPY --new", (99, 0))]),
        ("FROM --platform=$BUILDPLATFORM a", [(1, "$BUILDPLATFORM", (1, 0))]),
        ("FROM a:${TARGETARCH}", [(1, "$TARGETARCH", (1, 0))]),
        ("FROM a\nARG TARGETARCH", [(2, "ARG TARGETARCH", (1, 0))]),
        ("FROM a\nHEALTHCHECK --start-interval=1s CMD x", [(2, "HEALTHCHECK --start-interval", (1, 6))]),
        # The classic builder knows these.
        ("ARG BUILDPLATFORM=linux/amd64\nFROM --platform=$BUILDPLATFORM a", []),
        ("# syntax=docker/dockerfile:1\nFROM a\nCOPY --from=b --chown=1 a b\nRUN echo --mount=x <a", []),
        ("FROM a\nRUN echo \"<<EOF\" '--mount'\nADD https://x/y.git /x", []),
        ("FROM a\nHEALTHCHECK --interval=1s CMD x", []),
        ("FROM a\nCOPY a --chmod=1 b", []),
    ],
)
def test_needs(text, found):
    assert [(need.line, need.what, need.since) for need in needs(parse(text))] == found


def test_a_remedy_is_always_there():
    for text in ("RUN --mount=x y", "COPY --new a b", "ARG TARGETOS"):
        (need,) = needs(parse(f"FROM a\n{text}"))
        assert need.remedy


@pytest.mark.parametrize(
    ("syntax", "foreign"),
    [
        ("docker/dockerfile:1", False),
        ("docker.io/docker/dockerfile:1.7-labs", False),
        (f"docker/dockerfile:1@sha256:{'ab' * 32}", False),
        ("docker/dockerfile", False),
        ("example.com/docker/dockerfile:1", True),
        ("docker/dockerfile-upstream:master", True),
        ("r2d4/mockerfile", True),
    ],
)
def test_which_frontend_is_docker_s_own(syntax, foreign):
    found = foreign_frontend(parse(f"# syntax={syntax}\nFROM a"))
    assert found == ((1, syntax) if foreign else None)
    assert foreign_frontend(parse("FROM a")) is None
