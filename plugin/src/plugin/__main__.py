"""`python -m plugin`: serve until SIGTERM."""

from __future__ import annotations

from typing import NoReturn

from plugin.collector import Portfolio
from plugin.serving import serve


def main() -> NoReturn:
    """Serve, and end the process; see `plugin.serving.serve` for its exit codes."""
    serve(Portfolio())


if __name__ == "__main__":
    main()
