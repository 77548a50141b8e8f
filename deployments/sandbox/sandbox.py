"""What the command line calls: `up`, `down`, `status`, `logs`, and a summary of what a sandbox offers."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployments.sandbox import docker_engine, plugins, prefect_parts, registry_container
from deployments.sandbox import status as _status
from deployments.sandbox.layout import GENERATIONS, Layout, State, default_home
from deployments.sandbox.lock import exclusive
from deployments.sandbox.processes import Processes
from deployments.sandbox.progress import Progress, Quiet
from deployments.sandbox.settings import HOST
from deployments.sandbox.start import Start
from deployments.sandbox.status import Service

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Service", "Summary", "default_home", "down", "existing", "logs", "status", "summary", "up"]

GENERATION = "2.x"


@dataclass(frozen=True)
class Summary:
    """What somebody who uses a running sandbox needs.

    Attributes:
        environment: the file that `deployments/environments/sandbox.yaml` (or `sandbox-1.12.yaml`) extends.
        name: what `pluginctl` calls that environment.
        spacectl_environment: the same installation in spacectl's own format.
        spacectl_home: with HOME set to it, spacectl uses the sandbox.
        registry: address of the image registry.
        market: address of the stand-in for CoinGecko; None where the real one is used.
        prefect: address of Prefect's pages; None where it was not started.
        prefect_environment: variables with which `prefect` uses that server; empty without it.
    """

    environment: Path
    name: str
    spacectl_environment: Path
    spacectl_home: Path
    registry: str
    market: str | None
    prefect: str | None
    prefect_environment: dict[str, str]


def up(
    home: Path,
    *,
    generation: str = GENERATION,
    mongodb_uri: str | None = None,
    prefect: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Start the sandbox: install what is missing, leave alone what runs, start what does not.

    Args:
        home: the sandboxes' folder (`default_home()`); each generation has a sub-folder.
        generation: `2.x` or `1.12`.
        mongodb_uri: a MongoDB to use; else PLUGINCTL_MONGODB_URI, else the embedded one.
        prefect: start Prefect's server and one worker, too. They stay when a later call leaves this out.
        progress: told what is going on; several threads call it.

    Raises:
        SandboxError: something is missing or a part does not start; says which and what to do.
    """
    layout, teller = Layout.of(home, generation), progress or Quiet()
    with exclusive(layout, teller):
        layout.make()
        Start(layout, mongodb_uri, prefect, teller).run()
    return summary(home, generation=generation)


def down(
    home: Path, *, generation: str = GENERATION, purge: bool = False, progress: Progress | None = None
) -> None:
    """Stop everything that the sandbox started, and nothing else. Stopping a stopped one is no error.

    The data stays, unless `purge` is set: then the sandbox's whole folder is removed.
    """
    layout, teller = Layout.of(home, generation), progress or Quiet()
    if not layout.root.exists():
        return
    with exclusive(layout, teller):
        processes, state = Processes(layout), State(layout.data / "state.json")
        with teller.step("stopping the services"):
            running = processes.names()
            # First those that start things or write, then those that they write to.
            stores = [
                name for name in running if name in {"mongodb", "redis", "registry", prefect_parts.SERVER}
            ]
            processes.stop([name for name in running if name not in stores])
            processes.stop(stores)
            processes.stop_strays()
        _remove_from_engine(layout, state, teller, purge=purge)
        docker_engine.stop(layout.engine, teller)
        if purge:
            if elsewhere := state.get("database"):
                teller.say(
                    f"The databases {elsewhere['prefix']}* at {elsewhere['address']} stay: drop them there."
                )
            with teller.step("removing the sandbox's data"):
                shutil.rmtree(layout.root)


def _remove_from_engine(layout: Layout, state: State, progress: Progress, *, purge: bool) -> None:
    client = docker_engine.connect()
    if client is None:
        return
    with closing(client):
        found = plugins.containers(client, plugins.supervisor_name(layout.identifier))
        if found:
            with progress.step("removing the plugins' containers"):
                docker_engine.remove(found)
        registry_container.remove(client, layout)
        registry = state.get("ports").get("registry")
        if purge and registry:
            docker_engine.remove_images(client, f"{HOST}:{registry}")


def existing(home: Path) -> list[str]:
    """The generations of which there is a sandbox, running or not."""
    return [name for name in GENERATIONS if Layout.of(home, name).root.exists()]


def status(home: Path, *, generation: str = GENERATION) -> list[Service]:
    """Every part of the sandbox with its address, process, memory and state."""
    return _status.of(Layout.of(home, generation))


def logs(home: Path, service: str, *, generation: str = GENERATION) -> Path:
    """The path of a part's log.

    Raises:
        SandboxError: no such part, or no log yet; names those that have one.
    """
    return _status.log(Layout.of(home, generation), service)


def summary(home: Path, *, generation: str = GENERATION) -> Summary:
    """Where to find what a sandbox offers, by what is written down about it."""
    layout = Layout.of(home, generation)
    processes = Processes(layout)
    kept = State(layout.data / "state.json").get("ports")
    market = processes.record("market")
    web = kept.get(prefect_parts.PORT) if processes.record(prefect_parts.SERVER) else None
    variables = prefect_parts.environment(layout, web) if web else {}
    return Summary(
        environment=layout.environment,
        name=layout.generation.environment,
        spacectl_environment=layout.spacectl("sandbox"),
        spacectl_home=layout.spacectl_home,
        registry=f"http://{HOST}:{kept.get('registry', 0)}",
        market=market.address if market else None,
        prefect=prefect_parts.address(web) if web else None,
        prefect_environment={key: value for key, value in variables.items() if value is not None},
    )
