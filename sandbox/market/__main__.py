"""`python -m sandbox.market --host HOST --port PORT`: serve the stand-in until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from datetime import UTC, datetime

import uvicorn

from sandbox.market.app import Api, make_app
from sandbox.market.coins import COUNT


class _WithoutKeys(logging.Filter):
    """Takes API keys out of the lines about requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.args = tuple(
            re.sub(r"(api_key=)[^&\s]+", r"\1***", arg) if isinstance(arg, str) else arg
            for arg in record.args or ()
        )
        return True


def main(arguments: list[str] | None = None) -> int:
    """Serve; 0 after an orderly end."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.market", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--coins", type=int, default=COUNT, help="number of coins (default: %(default)s)")
    parser.add_argument(
        "--rate-limit",
        type=int,
        default=500,
        metavar="N",
        help="requests per minute for each client, 0 for no limit (default: %(default)s; CoinGecko: 30)",
    )
    parser.add_argument(
        "--at",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="stop the clock at this time (ISO 8601), so that the answers do not change",
    )
    options = parser.parse_args(arguments)
    if options.at:
        stopped = (options.at if options.at.tzinfo else options.at.replace(tzinfo=UTC)).timestamp()
        api = Api(options.coins, options.rate_limit, lambda: stopped)
    else:
        api = Api(options.coins, options.rate_limit)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("uvicorn.access").addFilter(_WithoutKeys())
    uvicorn.run(
        make_app(api), host=options.host, port=options.port, log_config=None, ws="none", lifespan="off"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
