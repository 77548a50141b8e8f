from spaceone.cost_analysis.plugin.data_source.lib.server import DataSourcePluginServer

app = DataSourcePluginServer()

ENTRIES = {"2026-10": [("Seeds", 12.5), ("Water", 30.0)], "2026-11": [("Water", 28.75)]}


@app.route("DataSource.init")
def data_source_init(params: dict) -> dict:
    return {"metadata": {"currency": "EUR", "supported_secret_types": ["MANUAL"]}}


@app.route("DataSource.verify")
def data_source_verify(params: dict) -> None:
    pass


@app.route("Job.get_tasks")
def job_get_tasks(params: dict) -> dict:
    months = [month for month in ENTRIES if month >= (params.get("start") or "")]
    return {
        "tasks": [{"task_options": {"month": month}} for month in months],
        "changed": [{"start": month} for month in months],
    }


@app.route("Cost.get_data")
def cost_get_data(params: dict):
    month = params["task_options"]["month"]
    yield {
        "results": [
            {"cost": cost, "provider": "ledger", "product": product, "billed_date": f"{month}-01"}
            for product, cost in ENTRIES[month]
        ]
    }
