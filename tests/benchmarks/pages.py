"""`python -m tests.benchmarks.pages COINS PORT`: the stand-in's coins, answered from memory.

The sandbox's stand-in works out its prices at every question, which takes longer than the collector needs to make
messages of them. Here they are worked out once, so that a benchmark measures the collector and not its source. The
rows are the stand-in's own, at a time that stands still.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from sandbox.market.answers import Market

_AT = 1768478400.0
_PATH = "/api/v3/coins/markets"


_DISTINCT = 100_000


def rows(coins: int) -> list[bytes]:
    """Rows of `/coins/markets` as JSON, the largest market capitalisation first."""
    market = Market(coins, _AT)
    ordered = market.sorted(market.coins, "market_cap_desc")
    return [json.dumps(market.row(coin, "usd"), separators=(",", ":")).encode() for coin in ordered]


def cut(held: list[bytes], first: int, last: int) -> list[bytes]:
    """Some rows; behind the last one they come again, each time under other ids."""
    found = []
    for index in range(first, last):
        again, at = divmod(index, len(held))
        found.append(held[at].replace(b'"id":"', b'"id":"%d-' % again, 1) if again else held[at])
    return found


def serve(coins: int, port: int) -> None:
    """Answer until killed; listens when all rows are there."""
    # More take minutes to work out, and hundreds of MB to hold.
    held = rows(min(coins, _DISTINCT))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # head and body in one piece

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if address.path != _PATH or query.get("vs_currency") != "usd":
                self.send_error(404)
                return
            size, page = int(query["per_page"]), int(query["page"])
            first, last = (page - 1) * size, min(page * size, coins)
            found = held[first:last] if last <= len(held) else cut(held, first, last)
            body = b"[" + b",".join(found) + b"]"
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
