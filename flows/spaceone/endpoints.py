"""Addresses of SpaceONE services, and the channels to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import grpc

from flows.spaceone.descriptors import MAX_BYTES
from flows.spaceone.errors import EndpointError

# The limit for one message that SpaceONE's services use too. They need it: an answer to `list` without a page holds
# every record, and a record may have the 16 MiB of a document in MongoDB.
_MAX_MESSAGE = 256 * 1024 * 1024
# What describes the services is small.
_LIMITS = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{"service": "grpc.reflection.v1alpha.ServerReflection"}],
                "maxResponseMessageBytes": MAX_BYTES,
            }
        ]
    }
)


@dataclass(frozen=True)
class Endpoint:
    """The address of one service.

    Attributes:
        host: Name or address, IPv6 in brackets.
        port: TCP port.
        tls: Whether the scheme is `grpc+ssl`.
    """

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Reads `grpc://host:port` or `grpc+ssl://host:port`, as spacectl writes them.

        Raises:
            EndpointError: the text has another form.
        """
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port
        except ValueError as error:
            raise EndpointError(f"Endpoint {url!r} cannot be read: {error}.") from error
        if scheme not in {"grpc", "grpc+ssl"} or not host:
            raise EndpointError(
                f"Endpoint {url!r} is not of the form grpc://host:port or grpc+ssl://host:port."
            )
        return cls(
            f"[{host}]" if ":" in host else host,
            port or (443 if scheme == "grpc+ssl" else 50051),
            scheme == "grpc+ssl",
        )

    def __str__(self) -> str:
        return f"{'grpc+ssl' if self.tls else 'grpc'}://{self.host}:{self.port}"

    def channel(self, root_certificates: bytes | None = None) -> grpc.Channel:
        """Opens a channel; nothing is sent before the first call.

        Args:
            root_certificates: PEM of the certificate authorities for TLS; None for the system's.
        """
        options = [
            ("grpc.max_send_message_length", _MAX_MESSAGE),
            ("grpc.max_receive_message_length", _MAX_MESSAGE),
            ("grpc.service_config", _LIMITS),
            # The proxy variables of the environment are for web requests. These services are called directly.
            ("grpc.enable_http_proxy", 0),
            # gRPC waits up to two minutes before it connects again, and fails every call until then: a service that
            # is back from a restart would be taken for down.
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.min_reconnect_backoff_ms", 1000),
            ("grpc.max_reconnect_backoff_ms", 2000),
        ]
        target = f"{self.host}:{self.port}"
        if self.tls:
            return grpc.secure_channel(target, grpc.ssl_channel_credentials(root_certificates), options)
        return grpc.insecure_channel(target, options)
