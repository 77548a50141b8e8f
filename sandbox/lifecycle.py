"""The functions behind the command line: `up`, `down`, `status`, `logs`, and a summary of a sandbox."""

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

GENERATION = "2.x"  # the default


@dataclass(frozen=True)
class Summary:
    """What a user of a running sandbox needs to know.

    Attributes:
        environment: the file that `deployments/environments/sandbox.yaml` (or `sandbox-1.12.yaml`) extends.
        name: the name of that environment for `pluginctl`.
        spacectl_environment: the same installation, as a file for spacectl.
        spacectl_home: if HOME is set to this folder, spacectl uses the sandbox.
        registry: address of the image registry.
        market: address of the stand-in for CoinGecko; None if the real one is used.
        prefect: address of Prefect's web pages; None if Prefect was not started.
        prefect_environment: variables that make `prefect` use that server; empty if it was not started.
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
    """Start the sandbox: install what is missing, and start every part that does not run yet.

    Args:
        home: the sandboxes' folder (`default_home()`); each generation has a sub-folder.
        generation: `2.x` or `1.12`.
        mongodb_uri: a MongoDB to use; the default is PLUGINCTL_MONGODB_URI, then the embedded one.
        prefect: also start Prefect's server and one worker. They keep running if a later call leaves this out,
            and serve every sandbox of the folder.
        progress: receives what is going on; several threads call it.

    Raises:
        SandboxError: something is missing, or a part does not start. The error says which one and what to do.
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
    """Stop everything that was started, and nothing else. It is no error if a sandbox is stopped already.

    The sandboxes share Prefect and a Docker engine that was started here. Both are stopped with the last sandbox.

    Args:
        home: the sandboxes' folder.
        generation: the generation to stop; None for all of them.
        purge: also remove the data. Prefect's data is removed with the data of the last sandbox.
        progress: receives what is going on.
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
            # First the parts that start programs or write data, then the stores that they write to.
            stores = [name for name in running if name in _status.STORES]
            processes.stop([name for name in running if name not in stores])
            processes.stop(stores)
            processes.stop_strays()
        _remove_from_engine(layout, state, progress, purge=purge)
        if purge:
            if elsewhere := state.get("database"):
                progress.say(
                    f"The databases {elsewhere['prefix']}* at {elsewhere['address']} are kept. "
                    "Drop them there if you no longer need them."
                )
            with progress.step("removing its data"):
                shutil.rmtree(layout.root)


def _remove_shared(layout: Layout) -> None:
    shutil.rmtree(layout.prefect.root, ignore_errors=True)
    if not docker_engine.is_ours(layout.engine):  # otherwise others still use it; a later `down` may stop it
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
    """The generations that have a sandbox, running or not."""
    return [name for name in GENERATIONS if layout_of(home, name).exists]


def status(home: Path, *, generation: str = GENERATION) -> list[Service]:
    """Every part of the sandbox with its address, process, memory and state."""
    return _status.of(layout_of(home, generation))


def shared(home: Path) -> list[Service]:
    """What the sandboxes share: the Docker engine if it was started here, and Prefect if it was requested."""
    return _status.shared(layout_of(home, GENERATION))


def logs(home: Path, service: str, *, generation: str = GENERATION) -> Path:
    """The path of a part's log.

    Raises:
        SandboxError: no such part, or no log yet. The advice lists the parts that have a log.
    """
    return _status.log(layout_of(home, generation), service)


def summary(home: Path, *, generation: str = GENERATION) -> Summary:
    """The addresses and files of a sandbox, from its stored records."""
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
