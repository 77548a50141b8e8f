from __future__ import annotations

import socket

import pytest

from sandbox.errors import SandboxError
from sandbox.machine import ports
from sandbox.machine.layout import Layout
from sandbox.machine.state import State


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


def test_a_chosen_port_is_free_and_not_reserved():
    first = ports.choose(seed="0a", taken=())
    assert ports.FIRST <= first < ports.LAST
    assert ports.is_free(first)
    assert ports.choose(seed="0a", taken={first}) != first


def test_two_sandboxes_begin_in_different_places():
    assert ports.choose(seed="1", taken=()) != ports.choose(seed="ffff", taken=())


def test_ports_lie_below_those_of_outgoing_connections():
    assert ports.LAST <= 32768


def test_no_free_port_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ports, "is_free", lambda _: False)
    with pytest.raises(SandboxError, match="No free port"):
        ports.choose(seed="1", taken=())


@pytest.fixture
def everything_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _: True)


def test_a_port_is_chosen_once_and_moves_only_where_somebody_took_it(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
):
    taken: set[int] = set()
    monkeypatch.setattr(ports, "is_free", lambda port: port not in taken)

    def keep(held: bool = False) -> int:
        return ports.keep(layout, State(layout.state), "identity", held=held)

    first = keep()
    assert keep() == first
    taken.add(first)
    assert keep(held=True) == first, "who listens there is ours"
    assert keep() != first


@pytest.mark.usefixtures("everything_free")
def test_no_two_sandboxes_of_a_folder_choose_the_same(layout: Layout, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Layout, "identifier", "0a")  # all begin to look in the same place
    chosen: list[int] = []
    for each in (layout, Layout.of(layout.root.parent, "1.12"), layout.prefect):
        state = State(each.state)
        chosen += [ports.keep(each, state, name, held=False) for name in ("identity", "redis")]
    assert len(set(chosen)) == len(chosen)
    assert ports.reserved(layout) == set(chosen)
