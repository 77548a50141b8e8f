"""Start a sandbox: install what is missing, start what does not run, and create the identities once."""

from __future__ import annotations

import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from flows.spaceone import Client, SpaceoneError
from sandbox import parts, prefect_parts
from sandbox.launcher import launch
from sandbox.machine import base_image, debian, docker_engine, ports, registry_container, runtime
from sandbox.machine.processes import Processes
from sandbox.machine.state import State
from sandbox.market import coingecko_reachable
from sandbox.spaceone import configuration_files, database, environment_files, plugins
from sandbox.spaceone.bootstrap import explain
from sandbox.spaceone.generations import generation_of
from sandbox.spaceone.settings import SERVERS, Settings

if TYPE_CHECKING:
    import docker

    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress
    from sandbox.parts import Part
    from sandbox.spaceone.bootstrap import Bootstrap
    from sandbox.spaceone.database import Database

MARKET = "market"
MONGODB = "mongodb"
REDIS = "redis"
REGISTRY = "registry"
SUPERVISOR = "supervisor"


class Start:
    """One run of `up`.

    Args:
        layout: the sandbox's paths.
        mongodb_uri: address of a MongoDB to use instead of the embedded one.
        prefect: whether to start Prefect's server and worker as well, if they do not run yet.
        progress: receives what is going on.
    """

    def __init__(self, layout: Layout, mongodb_uri: str | None, prefect: bool, progress: Progress) -> None:
        self._layout = layout
        self._progress = progress
        self._prefect = prefect
        self._processes = Processes(layout)
        self._state = State(layout.state)
        uri = database.configured(mongodb_uri)
        self._external = database.parse(uri) if uri else None
        self._supervisor = plugins.supervisor_name(layout.identifier)
        self._generation = generation_of(layout)

    def run(self) -> None:
        """Start everything, in the order that the parts need. Independent parts are started at the same time."""
        if self._external:
            database.check(self._external)
        self._refuse_early()
        if not runtime.is_installed(
            self._layout, self._generation.requirements
        ):  # stop what runs from the old environment before it is replaced
            self._processes.stop(self._processes.names())
        with ThreadPoolExecutor() as pool:
            installed = pool.submit(
                runtime.install, self._layout, self._generation.requirements, self._progress
            )
            engine = pool.submit(docker_engine.ensure, self._layout.engine, self._progress)
            image = pool.submit(self._base_image, engine)
            reachable = pool.submit(self._needs_no_market)
            programs = pool.submit(self._programs)
            for future in (programs, installed):
                future.result()
            settings = self._settings()
            web = pool.submit(self._start_prefect)
            self._start_stores(settings, engine)
            identities, client = self._start_services(settings)
            with client:
                self._start_plugins(client, identities, settings, engine.result())
            market = self._market(engine.result(), reachable=reachable.result())
            environment_files.write(
                self._layout,
                settings,
                identities.credentials,
                image.result(),
                market,
                self._generation.plugin_options,
            )
            web.result()
        engine.result().close()

    def _refuse_early(self) -> None:
        """If nothing can be installed here, report what is missing before anything else is done."""
        if not debian.can_install():
            debian.ensure([parts.REDIS])
            docker_engine.refuse_without_engine()

    def _programs(self) -> None:
        wanted = [parts.REDIS]
        if debian.can_install():
            wanted.append(parts.REGISTRY)
        if lacking := debian.missing(wanted):
            with self._progress.step(f"installing {', '.join(program.package for program in lacking)}"):
                debian.ensure(lacking)

    def _base_image(self, engine: Future[docker.DockerClient]) -> str:
        return base_image.ensure(engine.result(), self._layout, self._progress)

    def _needs_no_market(self) -> bool:
        return self._processes.running(MARKET) is None and coingecko_reachable()

    def _port(self, name: str) -> int:
        def held() -> bool:
            return self._processes.running(name) is not None or (name == REGISTRY and self._registry_runs())

        return ports.keep(self._layout, self._state, name, held)

    def _registry_runs(self) -> bool:
        client = docker_engine.connect()
        if client is None:
            return False
        with closing(client):
            return registry_container.find(client, self._layout) is not None

    def _settings(self) -> Settings:
        numbers = {name: self._port(name) for name in (*SERVERS, REDIS, REGISTRY)}
        return Settings(
            ports=numbers,
            # The supervisor skips a port that a container of somebody else uses.
            plugin_ports=ports.keep_row(self._layout, self._state, plugins.PORTS),
            database=self._database(),
            prefix=self._prefix(),
            supervisor=self._supervisor,
        )

    def _database(self) -> Database:
        return self._external or database.embedded(self._port(MONGODB))

    def _prefix(self) -> str:
        """The prefix of the database names. In a MongoDB that others use too, it makes the names unique."""
        if self._external is None:
            return ""
        kept = self._state.get("database")
        if kept.get("address") != self._external.address:
            kept = {"address": self._external.address, "prefix": f"sandbox_{secrets.token_hex(4)}_"}
            self._state.put("database", kept)
        return str(kept["prefix"])

    def _start_stores(self, settings: Settings, engine: Future[docker.DockerClient]) -> None:
        wanted = [parts.redis(self._layout, settings.ports[REDIS])]
        if self._external is None:
            wanted.append(parts.mongodb(self._layout, settings.database.port))
        else:
            self._processes.stop([MONGODB])
        if debian.find(parts.REGISTRY.name):
            wanted.append(parts.registry(self._layout, settings.ports[REGISTRY]))
        launch(wanted, self._processes, self._progress)
        if not debian.find(parts.REGISTRY.name):
            registry_container.start(engine.result(), self._layout, settings.ports[REGISTRY], self._progress)

    def _start_services(self, settings: Settings) -> tuple[Bootstrap, Client]:
        """Start all services except the supervisor. Returns their identities, and a client with the system token."""
        identities = self._generation.bootstrap(self._state, settings.database.name(settings.prefix))
        try:
            if not identities.system_token:
                self._initialise(settings, identities)
            client = self._serve(settings, identities)
            if identities.is_complete and not identities.is_valid(client):
                self._progress.say("The database was emptied: the domain and its tokens are created again.")
                client.close()
                identities.forget()
                self._initialise(settings, identities)
                client = self._serve(settings, identities)
            if not identities.is_complete:
                with self._progress.step("creating the domain and its tokens"):
                    identities.complete(client)
        except SpaceoneError as error:
            raise explain(error) from error
        return identities, client

    def _initialise(self, settings: Settings, identities: Bootstrap) -> None:
        self._configure(settings, identities)
        # With an old cache, identity would believe that its roles already exist in the new system.
        parts.empty_redis(settings.ports[REDIS])
        launch([self._service("identity", settings)], self._processes, self._progress)
        with self._progress.step("initialising the system"), Client(settings.endpoints()) as client:
            identities.initialise(client)

    def _serve(self, settings: Settings, identities: Bootstrap) -> Client:
        self._configure(settings, identities)
        wanted = [self._service(name, settings) for name in SERVERS]
        wanted += [
            parts.background(self._layout, name, self._processes)
            for name in self._generation.background
            if name != SUPERVISOR
        ]
        launch(wanted, self._processes, self._progress)
        return Client(settings.endpoints())

    def _service(self, name: str, settings: Settings) -> Part:
        return parts.service(self._layout, name, settings.ports)

    def _configure(self, settings: Settings, identities: Bootstrap) -> None:
        tokens = identities.system_token, identities.supervisor.token
        changed = configuration_files.write(self._layout, self._generation, settings.with_tokens(*tokens))
        self._processes.stop([name for name in changed if self._processes.running(name)])

    def _start_plugins(
        self, client: Client, identities: Bootstrap, settings: Settings, engine: docker.DockerClient
    ) -> None:
        self._configure(settings, identities)  # the supervisor's token may have been made just now
        supervisor = parts.background(self._layout, SUPERVISOR, self._processes)
        if self._processes.running(SUPERVISOR) is None:
            self._processes.stop([SUPERVISOR])
            try:
                found = plugins.containers(engine, self._supervisor)
                plugins.prepare(client, self._supervisor, identities.supervisor, found)
            except SpaceoneError as error:
                raise explain(error) from error
        launch([supervisor], self._processes, self._progress)

    def _market(self, engine: docker.DockerClient, *, reachable: bool) -> str | None:
        """The stand-in's address, or None if CoinGecko itself can be reached."""
        if reachable:
            self._processes.stop([MARKET])
            return None
        part = parts.market(docker_engine.gateway(engine), self._port(MARKET))
        launch([part], self._processes, self._progress)
        self._progress.say(f"CoinGecko cannot be reached: a local stand-in is used, at {part.address}.")
        return part.address

    def _start_prefect(self) -> None:
        if self._prefect or prefect_parts.was_started(self._layout.prefect):  # requested now, or earlier
            prefect_parts.start(self._layout.prefect, self._progress)
