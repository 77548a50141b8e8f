"""The environment's proxies, by the variables and rules that curl, Docker and requests share."""

from __future__ import annotations

import os
from base64 import b64encode
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit


def proxy_of(url: SplitResult) -> SplitResult | None:
    """Return the proxy through which an address is asked, None for none: HTTPS_PROXY and its like, but for NO_PROXY.

    Raises:
        ValueError: the variable names a proxy that is not spoken to over plain HTTP, such as one of SOCKS.
    """
    found = _variable(f"{url.scheme}_proxy") or _variable("all_proxy")
    if not found or any(_covers(entry.strip().lower(), url) for entry in _variable("no_proxy").split(",")):
        return None
    proxy = urlsplit(found if "://" in found else f"http://{found}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise ValueError(f"the proxy of the environment is of the kind {proxy.scheme}, not http")
    return proxy


def proxy_login(proxy: SplitResult) -> dict[str, str]:
    """Return the header that lets one in at a proxy whose address holds a user and a password."""
    if proxy.username is None:
        return {}
    user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(user.encode()).decode()}"}


def _variable(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.upper(), "")


def _covers(entry: str, url: SplitResult) -> bool:
    """Whether one entry of NO_PROXY is about an address: `*`, a network, or a domain with or without a port."""
    host = url.hostname or ""
    try:
        return entry == "*" or ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        domain = f".{entry.lstrip('.')}"
        return domain != "." and any(f".{name}".endswith(domain) for name in (host, f"{host}:{url.port}"))
