"""How the server runs: settings, read from environment variables."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server runs; plugin/README.md lists the variables.

    Attributes:
        port: SPACEONE_PORT; 0 takes a free one.
        host: SPACEONE_HOST, the address to listen on.
        workers: SPACEONE_MAX_WORKERS, how many calls are served at once.
        grace: SPACEONE_GRACE, seconds that running calls have left after SIGTERM.
        log_level: SPACEONE_LOG_LEVEL.
        max_request: SPACEONE_MAX_REQUEST_BYTES, the largest request that is accepted.
        max_message: SPACEONE_MAX_MESSAGE_BYTES, the largest message that is sent; inventory accepts 256 MiB.
        one_cpu: SPACEONE_ONE_CPU, 0 or 1, whether all threads use one CPU while a collection runs.
    """

    port: int = 50051
    host: str = "[::]"
    workers: int = 100
    grace: float = 8.0
    log_level: str = "INFO"
    max_request: int = 4 * MIB
    max_message: int = 256 * MIB
    one_cpu: bool = True

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from environment variables.

        Raises:
            ValueError: A value cannot be used; names the variable.
        """

        def number(name: str, default: float, least: float, most: float) -> float:
            text = environment.get(name, "")
            try:
                value = float(text) if text else default
            except ValueError:
                value = -1.0
            if not least <= value <= most:
                raise ValueError(f"{name}={text!r} is not a number between {least:g} and {most:g}")
            return value

        usual = cls()
        level = environment.get("SPACEONE_LOG_LEVEL", "") or usual.log_level
        if level.upper() not in logging.getLevelNamesMapping():
            raise ValueError(f"SPACEONE_LOG_LEVEL={level!r} is not a level such as INFO or WARNING")
        return cls(
            port=int(number("SPACEONE_PORT", usual.port, 0, 65535)),
            host=environment.get("SPACEONE_HOST", "") or usual.host,
            workers=int(number("SPACEONE_MAX_WORKERS", usual.workers, 1, 1000)),
            grace=number("SPACEONE_GRACE", usual.grace, 0, 600),
            log_level=level,
            max_request=int(number("SPACEONE_MAX_REQUEST_BYTES", usual.max_request, 1024, 1024 * MIB)),
            max_message=int(number("SPACEONE_MAX_MESSAGE_BYTES", usual.max_message, 1024, 1024 * MIB)),
            one_cpu=bool(number("SPACEONE_ONE_CPU", usual.one_cpu, 0, 1)),
        )
