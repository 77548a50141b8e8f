"""Addresses of SpaceONE services, and the channels to them."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import grpc

from flows.spaceone.descriptors import MAX_BYTES
from flows.spaceone.errors import EndpointError
from flows.text import quoted

_PEM = re.compile(rb"(-----BEGIN ([A-Z ]+)-----.*?-----END \2-----)", re.DOTALL)
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
class Trust:
    """The certificates of `grpc+ssl`.

    Attributes:
        root_certificates: PEM of the certificate authorities; None for the system's.
        client_certificate: PEM of the certificate and its private key that a server with mutual TLS asks for.
    """

    root_certificates: bytes | None = None
    client_certificate: bytes | None = field(default=None, repr=False)

    def credentials(self) -> grpc.ChannelCredentials:
        """For a channel.

        Raises:
            EndpointError: the client's certificate has no key, or there is a key alone.
        """
        pem = self.client_certificate
        if pem is None:
            return grpc.ssl_channel_credentials(self.root_certificates)
        blocks = _PEM.findall(pem)
        keys = [block for kind, block in ((match[1], match[0]) for match in blocks) if kind.endswith(b"KEY")]
        chain = [
            block for kind, block in ((match[1], match[0]) for match in blocks) if kind == b"CERTIFICATE"
        ]
        if len(keys) != 1 or not chain:
            raise EndpointError(
                "client_certificate must be a PEM file with a certificate and its private key.",
                "Write both into one file: cat client.crt client.key > client.pem",
            )
        return grpc.ssl_channel_credentials(self.root_certificates, keys[0], b"\n".join(chain))


USUAL = Trust()
"""The system's authorities, no certificate of one's own."""


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
        except ValueError:
            raise EndpointError(f"Endpoint {quoted(url)} cannot be read.") from None
        if scheme not in {"grpc", "grpc+ssl"} or not host:
            raise EndpointError(
                f"Endpoint {quoted(url)} is not of the form grpc://host:port or grpc+ssl://host:port."
            )
        return cls(
            f"[{host}]" if ":" in host else host,
            port or (443 if scheme == "grpc+ssl" else 50051),
            scheme == "grpc+ssl",
        )

    def __str__(self) -> str:
        return f"{'grpc+ssl' if self.tls else 'grpc'}://{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether nothing leaves this machine on the way to it."""
        host = self.host.strip("[]")
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host.lower() == "localhost"

    def channel(self, trust: Trust = USUAL) -> grpc.Channel:
        """Opens a channel; nothing is sent before the first call.

        Raises:
            EndpointError: the client's certificate has no key.
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
            return grpc.secure_channel(target, trust.credentials(), options)
        return grpc.insecure_channel(target, options)
