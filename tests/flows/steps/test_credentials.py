"""What a plugin's answer to `verify` means for a release."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from flows.images import EngineUnreachable
from flows.manifest import Manifest
from flows.resources import Action, Verb
from flows.spaceone import Endpoint, Generation, UnknownMethod
from flows.spaceone.advice import from_details
from flows.steps import credentials
from flows.steps.credentials import verify_secrets
from flows.steps.errors import CredentialsRefused

SECRET = "hush-hush-hush"
ACCOUNT = "Investment"


class World:
    """A platform, and a plugin that answers `verify` with an error or accepts.

    Attributes:
        generation: Of the platform.
        answers: The error; None if the plugin accepts.
        asked: What it was asked with.
        reachable: Whether its container is.
        engine: The engine's error.
        collected: When the collector collected last.
        written: The kinds that the release wrote.
    """

    def __init__(self, manifest):
        self.manifest = manifest
        self.generation, self.answers, self.reachable, self.engine = Generation.V2, None, True, None
        self.collected, self.written, self.asked = None, ("service account",), []

    def call(self, method, params, timeout=None):
        if method == "inventory.Collector.get":
            return {"plugin_info": {"options": {"stored": 1.0}}}
        self.asked.append((method, params))
        if self.answers:
            raise self.answers
        return {}

    @contextmanager
    def client(self, endpoints):
        assert endpoints == {"plugin": "grpc://172.18.0.9:50051"}
        yield self

    @contextmanager
    def containers(self, environment, plugin):
        if self.engine:
            raise self.engine
        endpoint = Endpoint("172.18.0.9", 50051, False) if self.reachable else None
        yield [SimpleNamespace(endpoint=None), SimpleNamespace(endpoint=endpoint)]

    def run(self, recorder):
        actions = {
            "plugin": Action("plugin", "plugin-x", Verb.KEEP),
            "collector": Action(
                "collector", "c", Verb.KEEP, record=self.collected and {"last_collected_at": self.collected}
            ),
        }
        writes = [Action(kind, ACCOUNT, Verb.CREATE) for kind in self.written]
        planned = SimpleNamespace(
            plan=SimpleNamespace(action=actions.__getitem__, writes=writes),
            source=SimpleNamespace(plugin=SimpleNamespace(version="0.1.0")),
            collector_id=lambda registered: "collector-1",
        )
        registered = SimpleNamespace(ids={("secret", ACCOUNT): "secret-1"})
        session = SimpleNamespace(environment=None, client=self, generation=self.generation)
        verify_secrets(session, self.manifest, planned, registered, recorder)
        return recorder.outcomes.get("verify secrets")


@pytest.fixture
def world(monkeypatch, checkout):
    loaded = Manifest.load(
        checkout / "deployments/portfolio", (f"service_account.secret_data.investment_type={SECRET}",)
    )
    made = World(loaded)
    monkeypatch.setattr(credentials, "containers", made.containers)
    monkeypatch.setattr(credentials, "Client", made.client)
    monkeypatch.setattr(credentials, "last_words", lambda *_: ("login failed",))
    return made


@pytest.fixture(params=list(Generation), ids=str)
def either(world, request):
    """A platform of each generation in turn."""
    world.generation = request.param
    return world


def answer(status, details):
    return from_details("plugin.Collector.verify", "grpc://x:1", status, details)


def test_the_container_is_asked_with_the_manifests_secret_and_the_collectors_options(world, recorder):
    assert world.run(recorder) == f"{ACCOUNT}: accepted"
    ((method, params),) = world.asked
    assert method == "plugin.Collector.verify"
    assert params["options"] == {"stored": 1.0}
    assert params["secret_data"]["investment_type"] == SECRET


def test_inventory_1_12_asks_with_the_secret_that_it_holds(world, recorder):
    world.generation = Generation.V1_12
    assert world.run(recorder) == f"{ACCOUNT}: accepted"
    assert world.asked == [
        ("inventory.Collector.verify_plugin", {"collector_id": "collector-1", "secret_id": "secret-1"})
    ]


@pytest.mark.parametrize(
    ("status", "details", "said"),
    [
        ("INVALID_ARGUMENT", f"ERROR_INVALID_PARAMETER: no key {SECRET}", "no key (hidden)"),
        ("UNAUTHENTICATED", "ERROR_AUTHENTICATE_FAILURE: wrong password", "wrong password"),
        ("PERMISSION_DENIED", "no access to account 12", "no access to account 12"),
        ("UNKNOWN", "InvalidClientTokenId", "InvalidClientTokenId"),
        ("INTERNAL", "", "INTERNAL"),
    ],
)
def test_a_plugin_that_does_not_accept_a_secret_stops_the_release(either, recorder, status, details, said):
    either.answers = answer(status, details)
    with pytest.raises(CredentialsRefused) as caught:
        either.run(recorder)
    message = (
        f"credentials refused: the plugin does not accept the secret of service account {ACCOUNT}: {said}"
    )
    assert caught.value.message == message
    assert "create_service_account.yaml" in caught.value.advice
    assert caught.value.details == ("login failed",)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "details"),
    [
        ("UNAVAILABLE", "Socket closed"),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded"),
        ("RESOURCE_EXHAUSTED", "429"),
        ("UNIMPLEMENTED", "Method not found!"),
        ("UNAVAILABLE", "ERROR_GRPC_CONNECTION: Channel is not ready."),
        ("INTERNAL", "ERROR_INVALID_PLUGIN_VERSION: x"),
        ("INTERNAL", "ERROR_SOURCE_UNREACHABLE: coins:443 cannot be reached"),
        ("UNKNOWN", "ERROR_REQUEST_TIMEOUT: 30 s"),
        ("PERMISSION_DENIED", "ERROR_PERMISSION_DENIED: Permission denied."),
    ],
)
def test_an_answer_that_says_nothing_of_the_secret_stops_nothing(either, recorder, status, details):
    either.answers = answer(status, details)
    assert either.run(recorder).startswith(f"{ACCOUNT}: not known (")


def test_a_plugin_that_cannot_be_asked_stops_nothing(world, recorder):
    world.reachable = False
    assert "cannot be reached from here" in world.run(recorder)
    world.engine = EngineUnreachable("No Docker engine answers")
    assert world.run(recorder) == f"{ACCOUNT}: not asked (No Docker engine answers)"
    world.engine, world.reachable = None, True
    world.answers = UnknownMethod("it does not offer plugin.Collector.verify")
    assert world.run(recorder).startswith(f"{ACCOUNT}: not asked (it does not offer")


def test_only_what_was_never_proven_is_asked(either, recorder):
    either.collected, either.written = "2026-01-01T00:00:00Z", ("collector",)
    assert either.run(recorder) is None
    either.written = ("secret",)
    assert either.run(recorder)
    either.collected, either.written = None, ()
    assert either.run(recorder), "the first collection did not come about"


def test_an_account_without_a_secret_is_not_asked(either, recorder, checkout):
    either.manifest = Manifest.load(checkout / "tests/fixtures/native-2x")
    accounts = [each.model_copy(update={"secret_data": None}) for each in either.manifest.service_accounts]
    either.manifest = SimpleNamespace(service_accounts=accounts)
    assert either.run(recorder) is None
