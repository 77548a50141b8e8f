"""Ports of this sandbox: a free port is chosen once, kept, and checked again before every start."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError
from sandbox.machine.state import State

if TYPE_CHECKING:
    from collections.abc import Collection

    from sandbox.machine.layout import Layout

# Below Linux's ephemeral ports (32768 and up), so that no outgoing connection uses one of them.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether nobody listens on the port, on any address of this machine."""
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # As the servers do: a port with connections in TIME_WAIT counts as free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
        except OSError as error:
            if family == socket.AF_INET6 and error.errno in _NO_IPV6:
                continue
            return False
    return True


_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


def choose(*, seed: str, taken: Collection[int]) -> int:
    """The first free port.

    Args:
        seed: hexadecimal; sets where the search begins, so that two sandboxes begin at different ports.
        taken: ports that are reserved, even if nobody listens there now.

    Raises:
        SandboxError: there is no free port.
    """
    span = LAST - FIRST
    start = int(seed, 16) % span
    for offset in range(span):
        port = FIRST + (start + offset) % span
        if port not in taken and is_free(port):
            return port
    raise SandboxError(
        f"No free port between {FIRST} and {LAST} was found.", "Stop a program that listens on one of them."
    )


def keep(layout: Layout, state: State, name: str, *, held: bool) -> int:
    """The port that was chosen before, or a new one if another program uses that port now.

    Args:
        layout: the sandbox of the port.
        state: the state of that sandbox; its section `ports` has the ports by name.
        name: the name of the port.
        held: whether the program that listens there now is ours.
    """
    with state.changing("ports") as kept:
        if name not in kept or not (held or is_free(kept[name])):
            kept[name] = choose(seed=layout.identifier, taken=reserved(layout))
        return int(kept[name])


def reserved(layout: Layout) -> set[int]:
    """Every port that a sandbox of the folder has chosen, whether the sandbox runs or not."""
    found: set[int] = set()
    for path in layout.root.parent.glob("*/data/state.json"):
        found.update(State(path).get("ports").values())
    return found
