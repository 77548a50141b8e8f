"""The variables of a shell that a program gets which is started from there and keeps running.

A shell may hold tokens of all kinds. A program that runs for weeks, and everything that it starts, needs few of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "PLUGINCTL_"
"""Variables with this prefix are passed on: those for environments' tokens and passwords have it."""
_NAMES = frozenset(
    {
        *("PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "TZ"),
        # The engine, and where `docker login` stores passwords.
        *("DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"),
        # Certificate authorities.
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    }
)
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "GRPC_PROXY", "NO_GRPC_PROXY"})


def passed_on(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that a program gets which keeps running: paths, language, proxies, and those of pluginctl."""
    return {name: value for name, value in variables.items() if _is_passed_on(name)}


def _is_passed_on(name: str) -> bool:
    return name in _NAMES or name.startswith(("LC_", PREFIX)) or name.upper() in _PROXIES
