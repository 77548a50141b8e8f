"""How the source of the prices can fail.

PluginError
└── SourceError              the source did not answer as it should
    ├── SourceUnreachable    no server answers at the address
    ├── SourceRefused        the API key is wrong or lacks a permission
    ├── SourceExhausted      the limit of requests is used up, and waiting does not help
    ├── SourceRejected       the source does not accept the request itself (an unknown currency, a wrong path)
    └── SourceBroken         a server error, or an answer that cannot be read
        └── SourceTooLarge   an answer that is too large to be one
"""

from __future__ import annotations

from typing import ClassVar

import grpc

from plugin.serving import PluginError


class SourceError(PluginError):
    """The source of the prices did not answer as it should.

    Args:
        message: What happened, in one sentence.
        retry_after: Seconds that the source asks to wait, where it says so.

    Attributes:
        everywhere: True where every other page must fail in the same way, so that asking on is useless.
        transient: True where the same request may well succeed a little later.
    """

    code = "ERROR_SOURCE"
    everywhere: ClassVar[bool] = False
    transient: ClassVar[bool] = False

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceUnreachable(SourceError):
    """No server answers at the source's address."""

    code = "ERROR_SOURCE_UNREACHABLE"
    everywhere = True
    transient = True


class SourceRefused(SourceError):
    """The source refuses the API key."""

    code = "ERROR_AUTHENTICATE_FAILURE"
    status = grpc.StatusCode.UNAUTHENTICATED
    everywhere = True


class SourceExhausted(SourceError):
    """The source's limit of requests is used up."""

    code = "ERROR_SOURCE_QUOTA_EXCEEDED"
    status = grpc.StatusCode.RESOURCE_EXHAUSTED
    everywhere = True
    transient = True


class SourceRejected(SourceError):
    """The source does not accept the request itself."""

    code = "ERROR_SOURCE_REJECTED"
    status = grpc.StatusCode.INVALID_ARGUMENT


class SourceBroken(SourceError):
    """The source answered with a server error, or with something that cannot be read."""

    code = "ERROR_SOURCE_BROKEN"
    transient = True


class SourceTooLarge(SourceBroken):
    """The source answered with more than an answer of CoinGecko can be; the next one would be no better."""

    everywhere = True
    transient = False
