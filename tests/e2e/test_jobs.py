"""What a collection brought is judged by itself, in the plugin's own words, and no running one is cut short.

The plugin's source of prices is a server of these tests, so that it can be slow, refuse, and have nothing.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.price_source import COINS, Held
from tests.sandboxes import log
from tests.waiting import PATIENCE

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["2.x", "1.12"], indirect=True, scope="module"),
]


@pytest.fixture(scope="module")
def served(platform, engine):
    """The source, serving."""
    source = Held()
    with source.serving(engine):
        yield source


@pytest.fixture
def source(served):
    """The source as it is at first; opened and well again afterwards."""
    yield served
    served.reset()


@pytest.fixture(scope="module")
def environment(project, served):
    """The sandbox, with this source for the plugin."""
    options = {"base_url": served.address, "request_timeout": 120, "count": len(COINS)}
    return project.write_environment("own-source", plugin_options=options)


@pytest.fixture(scope="module")
def refused(project, run, environment, served):
    """What a release says whose plugin does not accept the account's secret; nothing was collected before."""
    served.says = (401, {"status": {"error_code": 10002, "error_message": "this key is not known here"}})
    done = run(*project.arguments(environment), "--output", "json")
    served.reset()
    return done


@pytest.fixture(scope="module")
def first(refused, project, release, environment):
    """The report of the first release that collects."""
    return release(project, environment=environment)


def test_a_secret_that_the_plugin_does_not_accept_is_told_before_anything_is_collected(refused):
    assert refused.returncode == 1
    error = json.loads(refused.stdout)["error"]
    assert (error["code"], error["changed"]) == ("credentials-refused", True)
    assert "this key is not known here" in error["message"]
    assert any("Collector.verify" in line for line in error["details"])


def test_prices_ranks_and_changes_arrive_as_the_source_gave_them(first, project, client):
    assert first["resources"]["inventory.CloudService"] == len(COINS)
    query = {"filter": [{"k": "provider", "v": project.provider, "o": "eq"}]}
    held = {
        record["name"]: record["data"]
        for record in client.list("inventory.CloudService.list", {"query": query})
    }
    assert {
        name: (data["price"], data["rank"], data["change_percent_24h"]) for name, data in held.items()
    } == {
        coin["name"]: (coin["current_price"], coin["market_cap_rank"], coin["price_change_percentage_24h"])
        for coin in COINS
    }


def test_a_collector_that_the_plugin_refuses_shows_the_plugins_words(first, project, run, client):
    wrong = project.write_environment("wrong-option", plugin_options={"count": -1})
    done = run(*project.arguments(wrong), "--output", "json")
    assert done.returncode == 2
    assert not json.loads(done.stdout)["error"]["changed"]
    assert "options.count" in done.stderr
    assert "-1 is not between" in done.stderr


def test_a_source_that_refuses_fails_the_release_with_the_plugins_own_words(
    first, project, release, environment, source
):
    source.says = (401, {"status": {"error_code": 10002, "error_message": "this key is not known here"}})
    report = release(project, environment=environment, code=1)
    assert report["job"]["status"] == "FAILURE"
    assert "this key is not known here" in " ".join(report["job"]["failures"])
    assert "It may need an API key, in the secret" in " ".join(report["job"]["failures"])
    assert any("Collector.collect" in line for line in report["job"]["log"]), "the plugin's last lines"


def test_the_words_of_a_failure_are_shown_on_the_terminal(first, project, run, environment, source):
    source.says = (401, {"status": {"error_code": 10002, "error_message": "this key is not known here"}})
    done = run("recollect", str(environment), "--manifest", str(project.manifest))
    assert done.returncode == 1
    assert f"recollect of {project.plugin_id} 0.1.0 failed" in done.stdout
    assert "this key is not known here" in " ".join(done.stdout.split())


def test_a_job_that_brings_nothing_fails_although_older_resources_are_there(
    first, project, release, environment, source
):
    source.says = (200, [])
    report = release(project, environment=environment, code=1)
    assert (report["job"]["status"], report["job"]["tasks"]) == ("SUCCESS", 1)
    assert report["job"]["failures"] == [
        "The job ended well but collected no resource: the plugin reported none."
    ]


def test_a_release_waits_for_a_running_job_and_does_not_cancel_it(
    first, project, release, environment, source, client, platform, engine
):
    source.open.clear()
    source.asked.clear()
    collector = {"collector_id": first["collector_id"]}
    running = client.call("inventory.Collector.collect", collector)["job_id"]
    assert source.asked.wait(PATIENCE)

    def questions() -> int:
        return log(engine, platform, "inventory").count("Job.list (")

    before = questions()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(release, project, environment=environment)
        deadline = time.monotonic() + PATIENCE
        while questions() < before + 6 and time.monotonic() < deadline and not waiting.done():
            time.sleep(0.1)
        held = client.call("inventory.Job.get", {"job_id": running})["status"]
        jobs = client.list("inventory.Job.list", {**collector, "status": "IN_PROGRESS"})
        source.open.set()
        report = waiting.result(1200)
    assert held == "IN_PROGRESS"
    assert [job["job_id"] for job in jobs] == [running]
    assert client.call("inventory.Job.get", {"job_id": running})["status"] == "SUCCESS"
    assert report["job"]["status"] == "SUCCESS"
    assert report["job"]["job_id"] != running


def test_a_job_without_a_task_is_a_failure_although_it_reads_success(first, project, release, environment):
    account = f"Account {project.tag}"
    project.edit("create_collector", secret_filter={"exclude_service_accounts": [account]})
    report = release(project, environment=environment, code=1)
    project.edit("create_collector", secret_filter={"state": "DISABLED"})
    assert (report["job"]["status"], report["job"]["tasks"]) == ("SUCCESS", 0)
    (reason,) = report["job"]["failures"]
    assert "no secret matches" in reason
    assert repr(project.provider) in reason
    assert "secret_filter" in reason
