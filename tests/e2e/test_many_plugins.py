"""Many plugins on one Prefect server with PostgreSQL and two workers: deployed in one call, and run at once.

`PLUGINCTL_TEST_RUNS=40` makes it as many dry runs, of 30 plugins.
"""

from __future__ import annotations

import os
import re
from itertools import cycle, islice

import pytest

from tests.many_plugins import write_project
from tests.prefect_servers import await_runs, start_dry_runs

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("sandbox")]

RUNS = int(os.environ.get("PLUGINCTL_TEST_RUNS", "8"))
PLUGINS = [f"glacier{number:02}" for number in range(max(1, RUNS * 3 // 4))]
ENVIRONMENTS = ["staging", "production"]
AT_ONCE = 2
"""Runs of each worker."""


@pytest.fixture(scope="module")
def project(tmp_path_factory, checkout):
    """A project with the plugins."""
    return write_project(tmp_path_factory.mktemp("project"), checkout, PLUGINS, ENVIRONMENTS)


@pytest.fixture(scope="module")
def deployed(own_prefect, project):
    """What the first call said."""
    return own_prefect.pluginctl(project, "deploy").stdout


@pytest.fixture(scope="module")
def ended(own_prefect, deployed):
    """The dry runs in the order of their creation; one of two workers is killed with its runs in the middle."""
    with own_prefect.worker("to-be-killed", AT_ONCE) as killed:
        # The first question to a new domain makes the platform write; two at once disturb each other there.
        await_runs(own_prefect, start_dry_runs(own_prefect, PLUGINS[:1], ENVIRONMENTS[0]), 1)
        with own_prefect.worker("survivor", AT_ONCE):
            runs = start_dry_runs(own_prefect, islice(cycle(PLUGINS), RUNS), ENVIRONMENTS[0])
            await_runs(own_prefect, runs, 1)
            killed.kill()
            return await_runs(own_prefect, runs, RUNS)


def test_one_call_deploys_everything_and_a_second_one_changes_nothing(own_prefect, project, deployed):
    # The pool; release and rollback, and for each environment a limit and recollect.
    count = 1 + len(PLUGINS) * (2 + 2 * len(ENVIRONMENTS))
    automations = len(list((project / "deployments/automations").iterdir()))
    changed, kept = map(int, re.match(r"Deployed: (\d+) changed, (\d+) kept\.", deployed).groups())
    assert changed + kept == count + automations
    assert kept <= 1 + automations  # those of another test on this server, and its pool
    assert own_prefect.pluginctl(project, "deploy").stdout.startswith("Deployed: 0 changed")


def test_no_run_is_lost_with_its_worker(ended):
    endings = {run.state.name for run in ended}
    assert endings <= {"Planned", "Crashed"}
    crashed = [run for run in ended if run.state.name == "Crashed"]
    assert len(crashed) <= AT_ONCE
    assert {run.state.message.split(".")[0] for run in crashed} <= {"Its process or its machine died"}


def test_runs_begin_in_the_order_of_their_arrival(ended):
    """A worker takes the oldest run that waits, so a run overtakes no more than those that are being started."""
    for place, run in enumerate(ended):
        if run.run_count == 1 and run.state.name == "Planned":
            before = [other for other in ended[:place] if other.start_time > run.start_time]
            assert len(before) < 2 * AT_ONCE + AT_ONCE, (run.name, [other.name for other in before])
