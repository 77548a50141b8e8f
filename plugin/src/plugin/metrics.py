"""What inventory 2.x computes from the resources each day, so that its dashboards have something to show.

A changed metric needs a new VERSION: the platform ignores any other change (see its CollectingManager).
"""

from __future__ import annotations

from typing import Final

from plugin.serving import Metric, Namespace
from plugin.types import GROUP, PROVIDER

VERSION: Final = "1.0"

_ID: Final = f"ns-{PROVIDER}-market"
CLOUD_SERVICE_TYPE: Final = "Cryptocurrency"
"""The type from whose resources they are computed."""

_COINS: Final = f"inventory.CloudService:{PROVIDER}.{GROUP}.{CLOUD_SERVICE_TYPE}"

NAMESPACE: Final = Namespace(
    namespace_id=_ID,
    name="Cryptocurrency Market",
    category="ASSET",
    resource_type=_COINS,
    group=PROVIDER,
    version=VERSION,
)


def _metric(name: str, label: str, unit: str, value: dict[str, str]) -> Metric:
    return Metric(
        metric_id=f"metric-{PROVIDER}-{name}",
        name=label,
        metric_type="GAUGE",
        resource_type=_COINS,
        query_options={
            "group_by": [
                {"key": "data.currency", "name": "Quote Currency", "default": True},
                {"key": "data.category", "name": "Category"},
                {"key": "data.trend", "name": "Trend"},
                {"key": "name", "name": "Coin"},
            ],
            "fields": {"value": value},
        },
        unit=unit,
        namespace_id=_ID,
        version=VERSION,
    )


METRICS: Final = (
    _metric("market-cap", "Market Cap", "Quote Currency", {"key": "data.market_cap", "operator": "sum"}),
    _metric("count", "Number of Coins", "Count", {"operator": "count"}),
    _metric("change", "Change (24h)", "%", {"key": "data.change_percent_24h", "operator": "average"}),
)
