"""What all tests share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, settings

from tests.commands import Commands
from tests.engine import engine_kept, runs_beside, sandboxes_started, wait_for_those_beside

if TYPE_CHECKING:
    import subprocess

    from sandbox.lifecycle import Summary

CHECKOUT = Path(__file__).resolve().parent.parent
# How long examples take says more about the machine than about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
#: The tests' own sandbox, beside the one of `make demo`. Its images are kept between two runs, its data is not.
SANDBOX_HOME = Path(os.environ.get("PLUGINCTL_TEST_HOME", CHECKOUT / ".sandbox" / "test"))

_STARTING = pytest.StashKey[Future["Summary"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The MongoDB that tests/sandbox/mongodb runs against; the default is the embedded one."""
    parser.addoption("--mongodb-uri", help="run tests/sandbox/mongodb against this MongoDB")


@pytest.fixture(scope="session", autouse=True)
def every_report_fits_its_schema() -> Iterator[None]:
    """Checks every report that a test makes against the schema that docs/report.md describes."""
    from flows.steps import report

    as_json, schema = report.Report.as_json, report.json_schema()

    def checked(self: report.Report) -> dict[str, Any]:
        document = as_json(self)
        jsonschema.validate(json.loads(json.dumps(document)), schema)
        return document

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(report.Report, "as_json", checked)
        yield


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A Prefect server with a database of its own: one for all tests, because it takes long to start."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=600):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of 1.12 alone, and orders all: no server, the engine, one sandbox, both, integration."""
    for item in items:
        if _needs(item) == {"1.12"}:
            item.add_marker("older")
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    if item.get_closest_marker("engine"):
        return 1
    if item.get_closest_marker("integration"):
        return 4
    return 1 + len(needed) if (needed := _needs(item)) else 0


def _needs(item: pytest.Item) -> set[str]:
    """The sandboxes that a test of e2e needs."""
    if not item.get_closest_marker("e2e"):
        return set()
    fixtures = getattr(item, "fixturenames", ())
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    older = "sandbox_1_12" in fixtures or parameters.get("platform") == "1.12"
    newer = "sandbox" in fixtures or ("platform" in fixtures and parameters.get("platform", "2.x") == "2.x")
    return ({"1.12"} if older else set()) | ({"2.x"} if newer else set())


@pytest.fixture(scope="session", autouse=True)
def beside() -> Iterator[None]:
    """Tests of another process that stop the engine or a sandbox wait until these have ended."""
    with engine_kept():
        yield


@pytest.fixture(autouse=True)
def nothing_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets of another test, such as `secret`, may be words of this one."""
    from flows import hidden

    monkeypatch.setattr(hidden, "_forms", set())
    monkeypatch.setattr(hidden, "_pattern", None)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The repository's folder."""
    return CHECKOUT


@pytest.fixture(scope="session")
def sandbox_home() -> Path:
    """The tests' own sandboxes' folder, whether one runs or not."""
    return SANDBOX_HOME


@pytest.fixture(scope="session")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Summary]:
    """SpaceONE 2.x, running, with Prefect in the main process; what `sandbox.lifecycle.summary` says of it.

    The sandbox of 1.12 starts beside the first tests if there is one that needs it. PLUGINCTL_KEEP=1 leaves both
    running, data and all, for the next run.
    """
    items, stash = request.session.items, request.session.stash
    with _running("2.x", _start("2.x", prefect=not runs_beside())) as summary, ThreadPoolExecutor(1) as pool:
        if any("1.12" in item.nodeid or "sandbox_1_12" in item.fixturenames for item in items):
            stash[_STARTING] = pool.submit(_start, "1.12")
        yield summary
        if unused := stash.get(_STARTING, None):
            with _running("1.12", unused.result()):
                pass


@pytest.fixture(scope="session")
def sandbox_1_12(request: pytest.FixtureRequest) -> Iterator[Summary]:
    """SpaceONE 1.12 beside it, without Prefect."""
    stash = request.session.stash
    starting = stash.get(_STARTING, None)
    if starting:
        del stash[_STARTING]
    with _running("1.12", starting.result() if starting else _start("1.12")) as summary:
        yield summary


def _start(generation: str, *, prefect: bool = False) -> Summary:
    from sandbox import lifecycle as platform
    from sandbox.machine.progress import Lines

    # Not while another process starts some: they need the same engine and the same images, and make them if need be.
    with sandboxes_started():
        return platform.up(SANDBOX_HOME, generation=generation, prefect=prefect, progress=Lines())


@contextmanager
def _running(generation: str, summary: Summary) -> Iterator[Summary]:
    from sandbox import lifecycle as platform
    from sandbox.machine.progress import Lines

    yield summary
    if not os.environ.get("PLUGINCTL_KEEP"):
        # With its data, else the next start would bring up every plugin that earlier tests released.
        if not runs_beside():  # those of such a process are its own
            wait_for_those_beside()
        platform.down(SANDBOX_HOME, generation=generation, purge=True, progress=Lines())


Pluginctl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def pluginctl() -> Pluginctl:
    """Runs `pluginctl` in the checkout and against the tests' sandbox: see `Commands`.

    The installed command itself is run by tests/integration/test_wheel.py and tests/e2e/test_init.py.
    """
    commands = Commands(CHECKOUT)

    def run(
        *arguments: str | Path, timeout: float = 1200, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        here = {"PLUGINCTL_SANDBOX_HOME": str(SANDBOX_HOME), "COLUMNS": "160", **variables}
        done = commands(*arguments, timeout=timeout, **here)
        _check_document(done.stdout)
        return done

    return run


def _check_document(text: str) -> None:
    """A report or an error that a command printed fits its schema."""
    from flows.steps import report
    from pluginctl import exit_codes

    schemas = {report.SCHEMA: report.json_schema, exit_codes.SCHEMA: exit_codes.json_schema}
    if text.startswith("{") and (schema := schemas.get((document := json.loads(text)).get("schema"))):
        jsonschema.validate(document, schema())
