"""Ports of this sandbox: chosen free once, kept, and looked at again before every start."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from deployments.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Below Linux's ephemeral ports (32768 and up), so that no outgoing connection takes one in between.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether nobody listens on the port, on any address of this machine."""
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                # As the servers do: a port whose last connections are only waiting to end counts as free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
        except OSError as error:
            if family == socket.AF_INET6 and error.errno in _NO_IPV6:
                continue
            return False
    return True


_NO_IPV6 = frozenset({97, 99})  # EAFNOSUPPORT, EADDRNOTAVAIL: the machine has no IPv6


def choose(
    kept: dict[str, int], names: Iterable[str], *, seed: str, in_use: Callable[[str], bool]
) -> dict[str, int]:
    """Ports for `names`: the kept one where it is still free, else another free one.

    Args:
        kept: what was chosen before, by name.
        names: who needs a port now.
        seed: hexadecimal; where to begin to look, so that two sandboxes do not look in the same place.
        in_use: whether the named part runs already, and so may hold its port itself.

    Raises:
        SandboxError: no port is free.
    """
    chosen = {name: kept[name] for name in names if name in kept and (in_use(name) or is_free(kept[name]))}
    taken = set(chosen.values()) | set(kept.values())
    for name in names:
        if name not in chosen:
            chosen[name] = _free(1, seed, taken)
            taken.add(chosen[name])
    return chosen


def choose_run(size: int, *, seed: str, taken: set[int]) -> int:
    """The first of `size` free ports in a row, for plugin containers; none of them is in `taken`."""
    return _free(size, seed, taken)


def _free(size: int, seed: str, taken: set[int]) -> int:
    span = LAST - FIRST - size
    start = int(seed, 16) % span
    for offset in range(span):
        first = FIRST + (start + offset) % span
        ports = range(first, first + size)
        if not taken.intersection(ports) and all(is_free(port) for port in ports):
            return first
    raise SandboxError(
        f"No free port between {FIRST} and {LAST} was found.", "Stop something that listens there."
    )
