"""What the command line calls: `up`, `down`, `status`, `logs`, and a summary of what a sandbox offers."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import prefect_parts
from sandbox import status as _status
from sandbox.machine import docker_engine, registry_container
from sandbox.machine.layout import Layout, default_home
from sandbox.machine.lock import exclusive, is_held
from sandbox.machine.probes import HOST
from sandbox.machine.processes import Processes
from sandbox.machine.progress import Progress, Quiet
from sandbox.machine.state import State
from sandbox.spaceone import plugins
from sandbox.spaceone.generations import GENERATIONS, generation_of, layout_of
from sandbox.start import Start
from sandbox.status import Service

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "GENERATION",
    "GENERATIONS",
    "Service",
    "Summary",
    "default_home",
    "down",
    "existing",
    "logs",
    "shared",
    "status",
    "summary",
    "up",
]

GENERATION = "2.x"  # where none is asked for


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
        prefect: start Prefect's server and one worker, too. They stay when a later call leaves this out, and
            serve every sandbox of the folder.
        progress: told what is going on; several threads call it.

    Raises:
        SandboxError: something is missing or a part does not start; says which and what to do.
    """
    layout, teller = layout_of(home, generation), progress or Quiet()
    with exclusive(layout, teller):
        layout.make()
        Start(layout, mongodb_uri, prefect, teller).run()
    return summary(home, generation=generation)


def down(
    home: Path,
    *,
    generation: str | None = None,
    purge: bool = False,
    progress: Progress | None = None,
) -> None:
    """Stop everything that was started, and nothing else. Stopping a stopped one is no error.

    What the sandboxes share, Prefect and an engine that was started here, is stopped with the last of them.

    Args:
        home: the sandboxes' folder.
        generation: the one to stop; all of them where it is left out.
        purge: remove the data, too. With the last sandbox's data that of Prefect goes.
        progress: told what is going on.
    """
    teller = progress or Quiet()
    wanted = [layout_of(home, name) for name in ([generation] if generation else GENERATIONS)]
    others = [layout_of(home, name) for name in GENERATIONS]
    last = not any(_in_use(each) for each in others if each not in wanted)
    if last:
        prefect_parts.stop(wanted[0].prefect, teller)
    for layout in wanted:
        if layout.root.exists():
            _stop(layout, teller, purge=purge)
    if last:
        docker_engine.stop(wanted[0].engine, teller)
    if purge and not existing(home):
        _remove_shared(wanted[0])


def _in_use(layout: Layout) -> bool:
    return bool(Processes(layout).names()) or is_held(layout)


def _stop(layout: Layout, progress: Progress, *, purge: bool) -> None:
    with exclusive(layout, progress):
        processes, state = Processes(layout), State(layout.state)
        with progress.step(f"stopping SpaceONE {generation_of(layout).name}"):
            running = processes.names()
            # First those that start things or write, then those that they write to.
            stores = [name for name in running if name in _status.STORES]
            processes.stop([name for name in running if name not in stores])
            processes.stop(stores)
            processes.stop_strays()
        _remove_from_engine(layout, state, progress, purge=purge)
        if purge:
            if elsewhere := state.get("database"):
                progress.say(
                    f"The databases {elsewhere['prefix']}* at {elsewhere['address']} stay: drop them there."
                )
            with progress.step("removing its data"):
                shutil.rmtree(layout.root)


def _remove_shared(layout: Layout) -> None:
    shutil.rmtree(layout.prefect.root, ignore_errors=True)
    if not docker_engine.is_ours(layout.engine):  # else it still runs for others: a later `down` may stop it
        shutil.rmtree(layout.engine.root, ignore_errors=True)


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
    return [name for name in GENERATIONS if layout_of(home, name).exists]


def status(home: Path, *, generation: str = GENERATION) -> list[Service]:
    """Every part of the sandbox with its address, process, memory and state."""
    return _status.of(layout_of(home, generation))


def shared(home: Path) -> list[Service]:
    """What the sandboxes share: the Docker engine where it was started here, and Prefect where it was asked for."""
    return _status.shared(layout_of(home, GENERATION))


def logs(home: Path, service: str, *, generation: str = GENERATION) -> Path:
    """The path of a part's log.

    Raises:
        SandboxError: no such part, or no log yet; names those that have one.
    """
    return _status.log(layout_of(home, generation), service)


def summary(home: Path, *, generation: str = GENERATION) -> Summary:
    """Where to find what a sandbox offers, by what is written down about it."""
    layout = layout_of(home, generation)
    kept = State(layout.state).get("ports")
    market = Processes(layout).record("market")
    web = prefect_parts.kept_port(layout.prefect)
    variables = prefect_parts.environment(layout.prefect, web) if web else {}
    return Summary(
        environment=layout.environment,
        name=generation_of(layout).environment,
        spacectl_environment=layout.spacectl("sandbox"),
        spacectl_home=layout.spacectl_home,
        registry=f"http://{HOST}:{kept.get('registry', 0)}",
        market=market.address if market else None,
        prefect=prefect_parts.address(web) if web else None,
        prefect_environment={key: value for key, value in variables.items() if value is not None},
    )
