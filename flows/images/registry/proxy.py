"""The environment's proxies, by the variables and rules of curl, Docker and requests."""

from __future__ import annotations

import os
from base64 import b64encode
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from flows.hidden import hide


def proxy_of(url: SplitResult) -> SplitResult | None:
    """Return the proxy for an address, by HTTPS_PROXY and the like, except for NO_PROXY; None if there is none.

    Raises:
        ValueError: the variable names a proxy of another scheme than HTTP, such as SOCKS.
    """
    found = _variable(f"{url.scheme}_proxy") or _variable("all_proxy")
    if not found or any(_covers(entry.strip().lower(), url) for entry in _variable("no_proxy").split(",")):
        return None
    proxy = urlsplit(found if "://" in found else f"http://{found}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise ValueError(
            f"the proxy of the environment has the scheme {proxy.scheme}; only http is supported"
        )
    return proxy


def proxy_login(proxy: SplitResult) -> dict[str, str]:
    """Return the login header for a proxy whose address contains a user and a password."""
    if proxy.username is None:
        return {}
    user, password = unquote(proxy.username), hide(unquote(proxy.password or ""))
    return {"Proxy-Authorization": f"Basic {hide(b64encode(f'{user}:{password}'.encode()).decode())}"}


def _variable(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.upper(), "")


def _covers(entry: str, url: SplitResult) -> bool:
    """Whether an entry of NO_PROXY matches an address: `*`, a network, or a domain with or without a port."""
    host = url.hostname or ""
    try:
        return entry == "*" or ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        domain = f".{entry.lstrip('.')}"
        return domain != "." and any(f".{name}".endswith(domain) for name in (host, f"{host}:{url.port}"))
