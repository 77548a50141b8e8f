"""Checks whether the real CoinGecko can be reached from here."""

from __future__ import annotations

from typing import Final

import requests

PING: Final = "https://api.coingecko.com/api/v3/ping"


def coingecko_reachable(timeout: float = 3.0) -> bool:
    """Ask CoinGecko once.

    Args:
        timeout: Seconds to wait for the connection, and again for the answer.

    Returns:
        True if it answers as CoinGecko does; False where nobody answers, something else does (such as a page
        of a proxy), or it refuses (a used-up limit is as good as no answer to whoever wants prices now).
    """
    try:
        response = requests.get(PING, timeout=timeout)
        return response.status_code == 200 and "gecko_says" in response.json()
    except (requests.RequestException, ValueError):
        return False
