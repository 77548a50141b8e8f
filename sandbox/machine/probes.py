"""Checks whether a server on this machine answers."""

from __future__ import annotations

import socket

import grpc
import requests
import requests.exceptions

HOST = "127.0.0.1"
"""Where everything listens that a sandbox publishes on this machine."""


def serves_grpc(port: int, seconds: float = 0.5) -> bool:
    """Whether a gRPC server accepts calls. An open port is not enough: it is bound before the server runs."""
    if not listens(HOST, port):
        return False
    channel = grpc.insecure_channel(f"{HOST}:{port}", options=[("grpc.enable_http_proxy", 0)])
    try:
        grpc.channel_ready_future(channel).result(timeout=seconds)
    except grpc.FutureTimeoutError:
        return False
    else:
        return True
    finally:
        channel.close()


def answers_http(url: str) -> bool:
    """Whether a server answers with a success status."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # use no proxy for this machine itself
            with session.get(url, timeout=0.9) as answer:
                return answer.ok
    except requests.exceptions.RequestException:
        return False


def listens(host: str, port: int) -> bool:
    """Whether somebody accepts connections on a port."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True
