"""Addresses of a source: their form, whose they are, and to which of them no connection is made."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from plugin.schema import PUBLIC_API
from plugin.serving import InvalidParameter

if TYPE_CHECKING:
    from collections.abc import Iterator

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# One pattern for the whole address, in ASCII: nothing is left over that another program could read differently
# (a user's name, a backslash, a letter that only looks like another one).
_FORM: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[a-z0-9._~!$&'()*+,;=:%-]*)*)",
    re.ASCII | re.IGNORECASE,
)
_NAME: Final = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_PORTS: Final = {"http": 80, "https": 443}

_METADATA: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local (RFC 3927); in nearly every cloud, 169.254.169.254 is the metadata service
        "fe80::/10",  # link-local (RFC 4291)
        "100.100.100.200/32",  # Alibaba Cloud
        "168.63.129.16/32",  # Azure, for the agents of its machines
        "192.0.0.192/32",  # Oracle Cloud
        "fd00:ec2::/32",  # AWS: metadata, credentials of pods, names, time
        "fd20:ce::254/128",  # Google Cloud
        "fd00:c1::a9fe:a9fe/128",  # Oracle Cloud
        "fd00:42::42/128",  # Scaleway
    )
)
_TRANSLATED: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")  # RFC 4291, RFC 6052, RFC 8215
)
"""IPv6 networks whose addresses end with an IPv4 address, which a gateway may connect to."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a server, in one form: ASCII, in lower case, without a port that its scheme has anyway.

    Attributes:
        scheme: http or https.
        host: A name, an IPv4 address in any of its forms, or an IPv6 address in brackets.
        port: The port.
        path: Empty, or with a slash before and none behind.
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, key: str, text: str) -> Address:
        """Read an address.

        Args:
            key: Where it stands, such as `options.base_url`.
            text: The address.

        Raises:
            InvalidParameter: It does not have the form `http(s)://host:port/path`. It is not quoted, since it may
                contain a password.
        """
        if "@" in text:
            raise InvalidParameter(key, "a key belongs in the secret, not in the address")
        found = _FORM.fullmatch(text)
        host = _host(found["host"].lower()) if found else None
        if not found or not host:
            raise InvalidParameter(key, f"give http(s)://host/path, such as {PUBLIC_API}")
        scheme = found["scheme"].lower()
        port = int(found["port"] or _PORTS[scheme])
        if not 1 <= port <= 65535:
            raise InvalidParameter(key, f"{port} is not a port")
        return cls(scheme, host, port, found["path"].rstrip("/"))

    @property
    def netloc(self) -> str:
        """The host, with the port if it is not the scheme's own."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The address without its path: the server."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def url(self) -> str:
        """The whole address."""
        return self.origin + self.path

    @property
    def is_coingecko(self) -> bool:
        """Whether it is a server of CoinGecko, with TLS, so that it can prove it."""
        ours = self.host == "coingecko.com" or self.host.endswith(".coingecko.com")
        return ours and (self.scheme, self.port) == ("https", 443)


def is_metadata(address: str) -> bool:
    """Whether an IP address is link-local or that of a cloud's metadata service, also inside an IPv6 address.

    Nobody offers prices there; the credentials of the machine are there.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])  # without the interface, as in fe80::1%eth0
    return any(form in network for form in _forms(ip) for network in _METADATA)


def _forms(ip: _Ip) -> Iterator[_Ip]:
    yield ip
    if isinstance(ip, ipaddress.IPv6Address):
        yield from (form for form in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if form)
        if any(ip in network for network in _TRANSLATED):
            yield ipaddress.IPv4Address(ip.packed[-4:])


def _host(host: str) -> str | None:
    """A host in its one form; None where it is none."""
    if host.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            return None
    return host if len(host) <= 253 and _NAME.fullmatch(host) else None
