"""The plugin, as the framework's skeleton has it.

At its best means: metadata by reference, made once; one connection to the source; and the resource given as the dict
that the framework checks, instead of having `make_cloud_service` check it once more.
"""

import json

import requests
from spaceone.inventory.plugin.collector.lib import make_error_response, make_response
from spaceone.inventory.plugin.collector.lib.metadata import convert_cloud_service_meta
from spaceone.inventory.plugin.collector.lib.server import CollectorPluginServer

app = CollectorPluginServer()

GROUP, TYPE, PROVIDER = "Investment", "Cryptocurrency", "portfolio"
MATCH_KEYS = [["reference.resource_id", "provider", "cloud_service_type", "cloud_service_group"]]
METADATA = json.dumps(convert_cloud_service_meta(PROVIDER, GROUP, TYPE))


@app.route("Collector.init")
def collector_init(params):
    return {"metadata": {}}


@app.route("Collector.verify")
def collector_verify(params):
    return None


@app.route("Job.get_tasks")
def job_get_tasks(params):
    return {"tasks": [{"task_options": {}}]}


@app.route("Collector.collect")
def collector_collect(params):
    """`options` are the collector's own; `first` are resources that are given as they are.

    With `metadata`, resources carry it and their data in the form of 1.12. `failure` is a message for the end.
    """
    options = params["options"]
    for given in options.get("first", []):
        yield make_response(**given)
    count = int(options["count"])
    with requests.Session() as session:
        for page in range(1, -(-count // 250) + 1):
            query = {
                "vs_currency": "usd",
                "order": "market_cap_desc",
                "per_page": min(count, 250),
                "page": page,
            }
            for row in session.get(f"{options['base_url']}/coins/markets", params=query, timeout=60).json():
                yield make_response(cloud_service=_coin(row, options.get("metadata")), match_keys=MATCH_KEYS)
    if "failure" in options:
        yield make_error_response(Exception(options["failure"]), PROVIDER, GROUP, TYPE)


def _coin(row, metadata):
    symbol = row["symbol"].upper()
    change = row["price_change_percentage_24h"]
    data = {
        "symbol": symbol,
        "currency": "USD",
        "price": row["current_price"],
        "rank": row["market_cap_rank"],
        "market_cap": row["market_cap"],
        "fully_diluted_valuation": row["fully_diluted_valuation"],
        "volume_24h": row["total_volume"],
        "high_24h": row["high_24h"],
        "low_24h": row["low_24h"],
        "change_24h": row["price_change_24h"],
        "change_percent_24h": change,
        "trend": "RISING" if change > 0 else "FALLING" if change < 0 else "STEADY",
        "market_cap_change_24h": row["market_cap_change_24h"],
        "market_cap_change_percent_24h": row["market_cap_change_percentage_24h"],
        "supply": {
            "circulating": row["circulating_supply"],
            "total": row["total_supply"],
            "max": row["max_supply"],
            "issued_percent": row["max_supply"]
            and round(row["circulating_supply"] / row["max_supply"] * 100, 2),
        },
        "all_time_high": _record(row, "ath"),
        "all_time_low": _record(row, "atl"),
        "image": row["image"],
        "updated_at": _time(row["last_updated"]),
    }
    return {
        "name": row["name"],
        "provider": PROVIDER,
        "cloud_service_group": GROUP,
        "cloud_service_type": TYPE,
        "region_code": "global",
        "account": "coingecko",
        "instance_type": symbol,
        **_form(_known(data), metadata),
        "reference": {
            "resource_id": row["id"],
            "external_link": "https://www.coingecko.com/en/coins/" + row["id"],
        },
        "tags": {"symbol": symbol},
    }


def _form(data, metadata):
    if metadata:
        return {"data": data, "metadata": metadata}
    return {"json_data": json.dumps(data, ensure_ascii=False), "json_metadata": METADATA}


def _record(row, key):
    return {
        "price": row[key],
        "change_percent": row[f"{key}_change_percentage"],
        "at": _time(row[f"{key}_date"]),
    }


def _time(text):
    return text.replace(".000Z", "Z")


def _known(values):
    return {
        key: _known(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }
