from __future__ import annotations

import socket

import pytest

from deployments.sandbox import ports
from deployments.sandbox.errors import SandboxError


@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")],
)
def test_a_port_with_a_listener_is_not_free(family: socket.AddressFamily, address: str):
    with socket.socket(family) as listener:
        try:
            listener.bind((address, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listener.listen()
        port = listener.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)


def test_a_chosen_port_is_free_and_not_spoken_for():
    first = ports.choose(seed="0a", taken=())
    assert ports.FIRST <= first < ports.LAST
    assert ports.is_free(first)
    assert ports.choose(seed="0a", taken={first}) != first


def test_a_row_lies_beside_what_is_spoken_for():
    first = ports.choose(seed="0a", taken=())
    row = ports.choose(seed="0a", taken={first + 3}, size=8)
    assert first + 3 not in range(row, row + 8)


def test_two_sandboxes_begin_in_different_places():
    assert ports.choose(seed="1", taken=()) != ports.choose(seed="ffff", taken=())


def test_ports_lie_below_those_of_outgoing_connections():
    assert ports.LAST <= 32768


def test_no_free_port_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ports, "is_free", lambda _: False)
    with pytest.raises(SandboxError, match="No free port"):
        ports.choose(seed="1", taken=())
