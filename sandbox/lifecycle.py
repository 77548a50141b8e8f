"""The functions behind the command line: `up`, `down`, `status`, `logs`, and a summary of a sandbox."""

from __future__ import annotations

import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox import logs as _logs
from sandbox import prefect_parts
from sandbox import spacectl as _spacectl
from sandbox import status as _status
from sandbox.engine import containers, installed
from sandbox.engine.connection import connect, require
from sandbox.errors import SandboxError
from sandbox.logs import ContainerLog, FileLog, Line, Log
from sandbox.machine.layout import Layout, default_home
from sandbox.machine.lock import exclusive, is_held
from sandbox.machine.probes import HOST
from sandbox.machine.processes import Processes
from sandbox.machine.progress import Progress, Quiet
from sandbox.machine.state import State
from sandbox.parts import STORES
from sandbox.spaceone import plugins
from sandbox.spaceone.generations import GENERATIONS, generation_of, layout_of
from sandbox.start import MARKET_USED, Start
from sandbox.status import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import docker
    from docker.models.containers import Container

__all__ = [
    "GENERATION",
    "GENERATIONS",
    "Line",
    "Service",
    "Summary",
    "compose",
    "default_home",
    "down",
    "existing",
    "logs",
    "shared",
    "spacectl",
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
        market: address of the stand-in for CoinGecko on this machine; None if the real one is used.
        prefect: address of Prefect's web pages; None if Prefect was not started.
        prefect_environment: variables that make `prefect` use that server; empty if it was not started.
        prefect_password: what Prefect's pages ask for; None if Prefect was not started.
    """

    environment: Path
    name: str
    spacectl_environment: Path
    spacectl_home: Path
    registry: str
    market: str | None
    prefect: str | None
    prefect_environment: dict[str, str] = field(repr=False)
    prefect_password: str | None = field(repr=False)


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
        mongodb_uri: a MongoDB to use; the default is PLUGINCTL_MONGODB_URI, then one of the sandbox's own.
        prefect: also start Prefect's server and one worker. They keep running if a later call leaves this out,
            and serve every sandbox of the folder.
        progress: receives what is going on; several threads call it.

    Raises:
        SandboxError: something is missing, or a part does not start. The error says which one and what to do.
    """
    layout, teller = layout_of(home, generation), progress or Quiet()
    _refuse_older(layout)
    with exclusive(layout, teller):
        layout.make()
        Start(layout, mongodb_uri, prefect, teller).run()
    return summary(home, generation=generation)


def compose(
    home: Path,
    *,
    generation: str = GENERATION,
    mongodb_uri: str | None = None,
    progress: Progress | None = None,
) -> str:
    """A Compose file that starts the containers of a sandbox, which was started once.

    It contains the sandbox's passwords and tokens.

    Raises:
        SandboxError: the sandbox was never started.
    """
    layout = layout_of(home, generation)
    if not layout.environment.exists():
        raise SandboxError(
            f"The sandbox of {generation} was never started.",
            f"Its tokens are created at the first start: pluginctl sandbox up --generation {generation}",
        )
    return Start(layout, mongodb_uri, False, progress or Quiet()).compose()


def _refuse_older(layout: Layout) -> None:
    """Version 0.3.0 ran programs on this machine, in the same folder."""
    if (layout.root / "venv").exists():
        raise SandboxError(
            f"{layout.root} was made by an older version of pluginctl, whose sandbox was no set of containers.",
            "Its data cannot be used. Stop and remove it: pluginctl sandbox down --purge",
        )


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
    others = [each for name in GENERATIONS if (each := layout_of(home, name)) not in wanted]
    engine, prefect = wanted[0].engine, wanted[0].prefect
    with _client(wanted if purge else (), teller) as client:
        last = not any(_in_use(each, client) for each in others)
        if last:
            prefect_parts.stop(prefect, client, teller)
        for layout in wanted:
            _stop(layout, client, teller, purge=purge)
        if purge and not existing(home):
            _purge(prefect, client, teller)
    if last:
        installed.stop(engine, teller)
    if purge and not existing(home) and not installed.is_ours(engine):
        shutil.rmtree(engine.root, ignore_errors=True)


@contextmanager
def _client(
    purged: Sequence[Layout] = (), progress: Progress | None = None
) -> Iterator[docker.DockerClient | None]:
    """A client of the engine, or None. The engine is started if volumes of `purged` have to be removed."""
    client = connect()
    if client is None and any(layout.root.exists() for layout in purged):
        teller = progress or Quiet()
        try:
            client = installed.ensure(purged[0].engine, teller)
        except SandboxError as error:
            teller.say(f"{error.message} If the sandbox has volumes, they stay: start the engine and repeat.")
    if client is None:
        yield None
        return
    with closing(client):
        yield client


def _in_use(layout: Layout, client: docker.DockerClient | None) -> bool:
    return is_held(layout) or bool(client and containers.of_sandbox(client, layout.identifier))


def _stop(layout: Layout, client: docker.DockerClient | None, progress: Progress, *, purge: bool) -> None:
    found = _containers(client, layout)
    data = layout.root.exists() or bool(client and containers.volumes(client, layout.identifier))
    if not found and not Processes(layout).names() and not (purge and data):
        return
    with exclusive(layout, progress):
        for name in Processes(layout).names():  # of version 0.3.0
            Processes(layout).stop(name)
        if client and found:
            with progress.step(f"stopping SpaceONE {generation_of(layout).name}"):
                # First the parts that start containers or write data, then the stores that they write to.
                stores = [each for each in found if containers.part_of(each) in STORES]
                containers.stop([each for each in found if each not in stores])
                # Those that the supervisor started meanwhile.
                containers.stop([each for each in _containers(client, layout) if each not in stores])
                containers.stop(stores)
                containers.remove_networks(client, layout.identifier)
        if purge:
            _purge(layout, client, progress)


def _containers(client: docker.DockerClient | None, layout: Layout) -> list[Container]:
    return containers.members(client, layout.identifier) if client else []


def _purge(layout: Layout, client: docker.DockerClient | None, progress: Progress) -> None:
    """Remove the data, also if its records cannot be read."""
    with progress.step(f"removing the data of {layout.root.name}"):
        state = State(layout.state, discard_broken=True)
        if client:
            containers.remove_volumes(client, layout.identifier)
            containers.remove_networks(client, layout.identifier)
            if registry := state.get("ports").get("registry"):
                containers.remove_images(client, f"{HOST}:{registry}")
        shutil.rmtree(layout.root, ignore_errors=True)
    if elsewhere := state.get("database"):
        progress.say(
            f"The databases {elsewhere['prefix']}* at {elsewhere['address']} are kept. "
            "Drop them there if you no longer need them."
        )


def existing(home: Path) -> list[str]:
    """The generations that have a sandbox, running or not."""
    return [name for name in GENERATIONS if layout_of(home, name).exists]


def status(home: Path, *, generation: str = GENERATION) -> list[Service]:
    """Every part of the sandbox with its address, state, restarts and memory."""
    return _status.of(layout_of(home, generation))


def shared(home: Path) -> list[Service]:
    """What the sandboxes share: the Docker engine if it was started here, and Prefect if it was requested."""
    return _status.shared(layout_of(home, GENERATION))


def logs(
    home: Path, names: Sequence[str], *, generation: str = GENERATION, lines: int = 100, follow: bool = False
) -> Iterator[Line]:
    """The lines of the logs of parts and plugins, merged by time.

    Args:
        home: the sandboxes' folder.
        names: parts, plugins' containers as `status` shows them, and ids of plugins, which mean all their containers;
            none for all of the sandbox.
        generation: the sandbox.
        lines: how many of the last lines of each; 0 is all.
        follow: also the lines that are written from now on.

    Raises:
        SandboxError: no such part or plugin has a log. The advice lists those that have one.
    """
    layout = layout_of(home, generation)
    with _client() as client:
        known, of_plugins = _known_logs(client, layout), _of_plugins(client, layout)
        if missing := [name for name in names if name not in known and name not in of_plugins]:
            raise SandboxError(
                f"There is no log of {missing[0]!r}.",
                f"Parts and plugins with a log: {', '.join(sorted({*known, *of_plugins})) or 'none'}.",
            )
        of_sandbox = [containers.part_of(each) for each in _containers(client, layout)]
        wanted = [each for name in names for each in of_plugins.get(name, [name])]
        chosen = [known[name] for name in dict.fromkeys(wanted or of_sandbox)]
        yield from _logs.merged(chosen, lines)
        if follow:
            yield from _logs.follow(chosen)


def _of_plugins(client: docker.DockerClient | None, layout: Layout) -> dict[str, list[str]]:
    """The names of the containers of each plugin, by its id."""
    found: dict[str, list[str]] = {}
    for each in _containers(client, layout):
        if not containers.is_part(each) and (plugin := plugins.plugin_id(each)):
            found.setdefault(plugin, []).append(containers.part_of(each))
    return found


def _known_logs(client: docker.DockerClient | None, layout: Layout) -> dict[str, Log]:
    found: dict[str, Log] = {}
    for place in (layout.engine, layout.prefect):
        found.update({path.stem: FileLog(path.stem, path) for path in place.logs.glob("*.log")})
    for place in (layout.prefect, layout):
        for each in _containers(client, place):
            found[containers.part_of(each)] = ContainerLog(containers.part_of(each), each)
    return found


def spacectl(home: Path, words: Sequence[str], *, generation: str = GENERATION) -> tuple[int, bytes, bytes]:
    """Run the generation's spacectl. Returns its exit code, standard output and standard error.

    Raises:
        SandboxError: the sandbox does not run, or the container cannot be started.
    """
    with closing(require()) as client:
        return _spacectl.run(client, layout_of(home, generation), words)


def summary(home: Path, *, generation: str = GENERATION) -> Summary:
    """The addresses and files of a sandbox, from its stored records."""
    layout = layout_of(home, generation)
    state = State(layout.state)
    kept = state.get("ports")
    web = prefect_parts.kept_port(layout.prefect)
    password = prefect_parts.kept_password(layout.prefect)
    return Summary(
        environment=layout.environment,
        name=generation_of(layout).environment,
        spacectl_environment=layout.spacectl("sandbox"),
        spacectl_home=layout.spacectl_home,
        registry=f"http://{HOST}:{kept.get('registry', 0)}",
        market=f"http://{HOST}:{kept['market']}" if state.get(MARKET_USED) else None,
        prefect=prefect_parts.address(web) if web else None,
        prefect_environment=prefect_parts.environment(layout.prefect, web, password or "") if web else {},
        prefect_password=password if web else None,
    )
