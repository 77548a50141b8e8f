"""Start a sandbox: make its images, start what does not run, and create the identities once."""

from __future__ import annotations

import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

from flows.spaceone import Client, SpaceoneError
from sandbox import compose, images, parts, prefect_parts
from sandbox.engine import base_image, containers, installed
from sandbox.machine import ports
from sandbox.machine.state import State
from sandbox.market import coingecko_reachable
from sandbox.parts import Parts
from sandbox.ready import wait_until_ready
from sandbox.spaceone import database, environment_files, plugins
from sandbox.spaceone.bootstrap import explain
from sandbox.spaceone.generations import generation_of
from sandbox.spaceone.settings import MARKET_PORT, PUBLISHED, Settings

if TYPE_CHECKING:
    import docker

    from sandbox.images import Images
    from sandbox.machine.layout import Layout
    from sandbox.machine.progress import Progress
    from sandbox.spaceone.bootstrap import Bootstrap

#: Sections of the state.
_PASSWORDS = "passwords"
MARKET_USED = "market"


class Start:
    """One run of `up`.

    Args:
        layout: the sandbox's paths.
        mongodb_uri: address of a MongoDB to use instead of one of the sandbox's own.
        prefect: whether to start Prefect's server and worker as well, if they do not run yet.
        progress: receives what is going on.
    """

    def __init__(self, layout: Layout, mongodb_uri: str | None, prefect: bool, progress: Progress) -> None:
        self._layout = layout
        self._progress = progress
        self._prefect = prefect
        self._state = State(layout.state)
        uri = database.configured(mongodb_uri)
        self._external = database.parse(uri) if uri else None
        self._generation = generation_of(layout)

    def run(self) -> None:
        """Start everything, in the order that the parts need. Independent parts are started at the same time."""
        if self._external:
            database.check(self._external)
        with (
            closing(installed.ensure(self._layout.engine, self._progress)) as client,
            ThreadPoolExecutor() as pool,
        ):
            reachable = pool.submit(coingecko_reachable)
            base = base_image.ensure(client, self._layout, self._progress)
            web = pool.submit(self._start_prefect, client, base)
            self._start(client, base, reachable)
            web.result()

    def _start(self, client: docker.DockerClient, base: str, reachable: Future[bool]) -> None:
        chosen = self._images(client, base)
        settings = self._settings(client)
        self._remove_what_is_not_wanted(client, market=not reachable.result())
        wait_until_ready(client, self._parts(settings, chosen).stores(), self._progress)
        identities, platform = self._start_services(client, settings, chosen)
        with platform:
            settings = self._with_tokens(settings, identities)
            wanted = self._parts(settings, chosen)
            last = [wanted.supervisor()]
            if not reachable.result():
                last.append(wanted.market())
            try:
                plugins.publish_supervisor(platform, settings.supervisor, identities.supervisor)
            except SpaceoneError as error:
                raise explain(error) from error
            wait_until_ready(client, last, self._progress)
        market = None if reachable.result() else f"http://{parts.MARKET}:{MARKET_PORT}"
        self._state.put(MARKET_USED, {"address": market} if market else {})
        if market:
            self._progress.say("CoinGecko cannot be reached: a local stand-in is used.")
        environment_files.write(
            self._layout,
            settings,
            identities.credentials,
            chosen.base,
            market,
            self._generation.plugin_options,
        )

    def compose(self) -> str:
        """A Compose file of the sandbox's containers, with the identities that an earlier start created."""
        with closing(installed.ensure(self._layout.engine, self._progress)) as client:
            chosen = self._images(client, base_image.ensure(client, self._layout, self._progress))
            settings = self._settings(client)
            name = settings.database.name(settings.prefix)
            identities = self._generation.bootstrap(self._state, name)
            wanted = self._parts(self._with_tokens(settings, identities), chosen)
            market = [wanted.market()] if self._state.get(MARKET_USED) else []
            return compose.document([*wanted.stores(), *wanted.services(), wanted.supervisor(), *market])

    def _images(self, client: docker.DockerClient, base: str) -> Images:
        stores = [name for name in parts.STORES if name != "mongodb" or not self._external]
        volumes = parts.volumes(self._layout, stores)
        generation = self._generation
        chosen = images.ensure(
            client, base, generation.name, generation.requirements, volumes, self._progress
        )
        images.make_volumes(client, chosen, volumes, self._layout.identifier)
        containers.network(client, self._layout.identifier)
        return chosen

    def _settings(self, client: docker.DockerClient) -> Settings:
        running = containers.of_sandbox(client, self._layout.identifier)
        numbers = {
            name: ports.keep(self._layout, self._state, name, held=name in running) for name in PUBLISHED
        }
        return Settings(
            ports=numbers,
            database=self._external or database.own(self._password("mongodb")),
            prefix=self._prefix(),
            redis_password=self._password("redis"),
            supervisor=plugins.supervisor_name(self._layout.identifier),
        )

    def _password(self, store: str) -> str:
        with self._state.changing(_PASSWORDS) as kept:
            return str(kept.setdefault(store, secrets.token_urlsafe(24)))

    def _prefix(self) -> str:
        """The prefix of the database names. In a MongoDB that others use too, it makes the names unique."""
        if self._external is None:
            return ""
        kept = self._state.get("database")
        if kept.get("address") != self._external.address:
            kept = {"address": self._external.address, "prefix": f"sandbox_{secrets.token_hex(4)}_"}
            self._state.put("database", kept)
        return str(kept["prefix"])

    def _remove_what_is_not_wanted(self, client: docker.DockerClient, *, market: bool) -> None:
        """A part that an earlier start had, and that this one does not have."""
        found = containers.of_sandbox(client, self._layout.identifier)
        unwanted = [] if market else [parts.MARKET]
        unwanted += ["mongodb"] if self._external else []
        containers.stop(found[name] for name in unwanted if name in found)

    def _start_services(
        self, client: docker.DockerClient, settings: Settings, chosen: Images
    ) -> tuple[Bootstrap, Client]:
        """Start all services except the supervisor. Returns their identities, and a client with the system token."""
        identities = self._generation.bootstrap(self._state, settings.database.name(settings.prefix))
        try:
            if not identities.system_token:
                self._initialise(client, settings, chosen, identities)
            platform = self._serve(client, settings, chosen, identities)
            if identities.is_complete and not identities.is_valid(platform):
                self._progress.say("The database was emptied: the domain and its tokens are created again.")
                platform.close()
                identities.forget()
                self._initialise(client, settings, chosen, identities)
                platform = self._serve(client, settings, chosen, identities)
            if not identities.is_complete:
                with self._progress.step("creating the domain and its tokens"):
                    identities.complete(platform)
        except SpaceoneError as error:
            raise explain(error) from error
        return identities, platform

    def _initialise(
        self, client: docker.DockerClient, settings: Settings, chosen: Images, identities: Bootstrap
    ) -> None:
        wanted = self._parts(self._with_tokens(settings, identities), chosen)
        # With an old cache, identity would believe that its roles already exist in the new system.
        redis = containers.of_sandbox(client, self._layout.identifier)["redis"]
        containers.execute(redis, ["redis-cli", "FLUSHALL"])
        wait_until_ready(client, [wanted.service("identity")], self._progress)
        with (
            self._progress.step("initialising the system"),
            Client(settings.published_endpoints()) as platform,
        ):
            identities.initialise(platform)

    def _serve(
        self, client: docker.DockerClient, settings: Settings, chosen: Images, identities: Bootstrap
    ) -> Client:
        wanted = self._parts(self._with_tokens(settings, identities), chosen)
        wait_until_ready(client, wanted.services(), self._progress)
        return Client(settings.published_endpoints())

    def _parts(self, settings: Settings, chosen: Images) -> Parts:
        return Parts(self._layout, self._generation, settings, chosen)

    def _with_tokens(self, settings: Settings, identities: Bootstrap) -> Settings:
        return settings.with_tokens(identities.system_token, identities.supervisor.token)

    def _start_prefect(self, client: docker.DockerClient, base: str) -> None:
        if self._prefect or prefect_parts.was_started(self._layout.prefect):  # requested now, or earlier
            prefect_parts.start(self._layout.prefect, client, base, self._progress)
