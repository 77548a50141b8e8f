"""One action carried out, on connections that break before a request left and after it arrived."""

import dataclasses

import pytest

from flows.resources import Execution, MadeMeanwhile, Target, Verb, Waiting, plan_resources
from flows.spaceone import (
    AlreadyExists,
    DeadlineExceeded,
    Generation,
    InvalidArgument,
    PluginStarting,
    ServerError,
    Unreachable,
)
from flows.spaceone.advice import from_details

#: What the plugin has said to its first call.
ANSWERED = {"plugin_id": "plugin-portfolio-inven-collector", "metadata": {"supported_resource_type": []}}
CREATE, UPDATE = "identity.Provider.create", "identity.Provider.update"
REFUSED = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Connection refused"


def lost(method):
    """What a connection that broke after the request was sent gives."""
    return from_details(method, "grpc://x:1", "UNAVAILABLE", "Socket closed")


def never_left(method):
    """What an address where nobody listens gives."""
    return from_details(method, "grpc://x:1", "UNAVAILABLE", REFUSED)


def breaks(platform, method, error, *, arrives=False, silent=None):
    """Lets the next call of a method fail, carried out or not; from then on nothing can be listed while `silent`."""
    call = platform.call

    def breaking(asked, params, timeout=None):
        if asked != method:
            return call(asked, params, timeout)
        platform.call, platform.silent = call, silent
        if arrives:
            call(asked, params, timeout)
        else:
            platform.writes.append((asked, dict(params)))
        raise error

    platform.call = breaking


@pytest.fixture
def written():
    """One entry for each write that an execution told."""
    return []


@pytest.fixture
def prepare(clients, platform, written):
    """The execution of what is to be done with a resource; what was written before is forgotten."""

    def prepare(resource, ids=None):
        (action,) = plan_resources(clients, [resource])
        platform.writes.clear()
        return Execution(clients, action, {} if ids is None else ids, lambda: written.append(resource.kind))

    return prepare


@pytest.fixture
def provider(resources):
    return next(resource for resource in resources if resource.kind == "provider")


@pytest.fixture
def as_declared(provider):
    """The provider, as somebody else made it."""
    return {"provider": "portfolio", **provider.declared}


def methods(platform):
    return [method for method, _ in platform.writes]


class TestCreate:
    def test_its_id_is_kept_for_what_refers_to_it(self, platform, prepare, provider, written):
        ids = {}
        assert prepare(provider, ids)() == "portfolio"
        assert ids == {("provider", "portfolio"): "portfolio"}
        assert (methods(platform), written) == ([CREATE], ["provider"])

    def test_what_appeared_meanwhile_is_taken(self, platform, prepare, provider, written, as_declared):
        create = prepare(provider)
        platform.records["identity.Provider"].append(as_declared)
        assert create() == "portfolio"
        assert (methods(platform), written) == ([], [])
        assert create.remarks == ("somebody else made portfolio meanwhile, as declared",)

    def test_what_appeared_meanwhile_and_is_not_as_declared_stops_the_release(
        self, platform, prepare, provider, written
    ):
        create = prepare(provider)
        platform.records["identity.Provider"].append({"provider": "portfolio", "name": "Folio"})
        with pytest.raises(
            MadeMeanwhile, match="provider portfolio .portfolio. .* not as declared: name, "
        ) as caught:
            create()
        assert "its plan shows what differs" in caught.value.advice
        assert (methods(platform), written) == ([], [])

    def test_what_somebody_else_made_between_look_and_call_is_taken(self, platform, prepare, provider):
        create = prepare(provider)
        exists = from_details(CREATE, "grpc://x:1", "INTERNAL", "ERROR_NOT_UNIQUE: twice")
        breaks(platform, CREATE, exists, arrives=True)
        assert create() == "portfolio"
        assert methods(platform) == [CREATE]

    def test_what_exists_and_cannot_be_found_is_the_servers_error(self, platform, prepare, provider, written):
        create = prepare(provider)
        platform.refuses[CREATE] = from_details(CREATE, "grpc://x:1", "INTERNAL", "ERROR_NOT_UNIQUE: twice")
        with pytest.raises(AlreadyExists):
            create()
        assert written == []

    def test_one_that_arrived_although_the_connection_broke_is_found(
        self, platform, prepare, provider, written
    ):
        create = prepare(provider)
        breaks(platform, CREATE, lost(CREATE), arrives=True)
        assert create() == "portfolio"
        assert (methods(platform), written) == ([CREATE], ["provider"])

    def test_one_that_may_have_arrived_is_never_sent_again(self, platform, prepare, provider, written):
        create = prepare(provider)
        error = lost(CREATE)
        breaks(platform, CREATE, error)
        for _ in range(3):
            with pytest.raises(Unreachable) as caught:
                create()
            assert caught.value is error
        assert (methods(platform), written) == ([CREATE], ["provider"])

    def test_one_that_shows_up_late_is_found_by_the_next_try(self, platform, prepare, provider, as_declared):
        create = prepare(provider)
        breaks(platform, CREATE, lost(CREATE))
        with pytest.raises(Unreachable):
            create()
        platform.records["identity.Provider"].append(as_declared)
        assert create() == "portfolio"
        assert methods(platform) == [CREATE]

    def test_one_that_never_left_is_sent_by_the_next_try(self, platform, prepare, provider, written):
        create = prepare(provider)
        breaks(platform, CREATE, never_left(CREATE))
        with pytest.raises(Unreachable):
            create()
        assert (platform.records["identity.Provider"], written) == ([], [])
        assert create() == "portfolio"
        assert (methods(platform), written) == ([CREATE, CREATE], ["provider"])

    @pytest.mark.parametrize("arrives", [True, False])
    def test_where_the_look_afterwards_fails_the_next_try_looks_first(
        self, platform, prepare, provider, arrives
    ):
        create = prepare(provider)
        error, silent = lost(CREATE), never_left("identity.Provider.list")
        breaks(platform, CREATE, error, arrives=arrives, silent=silent)
        for _ in range(2):
            with pytest.raises(Unreachable) as caught:
                create()
            assert caught.value is silent
        platform.silent = None
        platform.lists.clear()
        if arrives:
            assert create() == "portfolio"
        else:
            with pytest.raises(Unreachable) as caught:
                create()
            assert caught.value is error
        assert {method for method, _ in platform.lists} == {"identity.Provider.list"}
        assert methods(platform) == [CREATE]

    def test_nothing_is_sent_where_the_look_before_fails(self, platform, prepare, provider, written):
        create = prepare(provider)
        platform.silent = never_left("identity.Provider.list")
        with pytest.raises(Unreachable):
            create()
        assert (methods(platform), written) == ([], [])

    def test_a_clear_refusal_wrote_nothing(self, platform, prepare, provider, written):
        create = prepare(provider)
        platform.refuses[CREATE] = from_details(CREATE, "grpc://x:1", "INVALID_ARGUMENT", "name is too long")
        with pytest.raises(InvalidArgument):
            create()
        assert written == []

    def test_one_that_was_answered_too_late_is_told_and_then_found(
        self, platform, prepare, resources, written
    ):
        """Collector.create stores its row, waits for the plugin and may run into the deadline."""
        method = "inventory.Collector.create"
        create = prepare(resources[-1])
        breaks(platform, method, from_details(method, "grpc://x:1", "DEADLINE_EXCEEDED", ""), arrives=True)
        with pytest.raises(DeadlineExceeded, match="does the image start"):
            create()
        assert written == ["collector"]
        (record,) = platform.records["inventory.Collector"]
        record["plugin_info"] |= ANSWERED
        assert create() == "collector_id-1"
        assert methods(platform) == [method]


class TestUpdate:
    @pytest.fixture
    def renamed(self, platform, prepare, provider):
        """The update of a provider whose name somebody changed by hand."""
        prepare(provider)()
        platform.records["identity.Provider"][0]["name"] = "Folio"
        return prepare(provider)

    def test_one_that_arrived_although_the_connection_broke_is_confirmed(self, platform, renamed, written):
        written.clear()
        breaks(platform, UPDATE, lost(UPDATE), arrives=True)
        assert renamed() == "portfolio"
        assert (methods(platform), written) == ([UPDATE], ["provider"])

    def test_one_that_may_have_arrived_is_never_sent_again(self, platform, renamed):
        error = lost(UPDATE)
        breaks(platform, UPDATE, error)
        for _ in range(3):
            with pytest.raises(Unreachable) as caught:
                renamed()
            assert caught.value is error
        assert methods(platform) == [UPDATE]

    def test_one_that_shows_up_late_is_confirmed_by_the_next_try(self, platform, renamed):
        breaks(platform, UPDATE, lost(UPDATE))
        with pytest.raises(Unreachable):
            renamed()
        platform.records["identity.Provider"][0]["name"] = "Portfolio"
        assert renamed() == "portfolio"
        assert methods(platform) == [UPDATE]

    def test_where_the_look_afterwards_fails_the_next_try_looks_and_does_not_send(self, platform, renamed):
        silent = never_left("identity.Provider.list")
        breaks(platform, UPDATE, lost(UPDATE), arrives=True, silent=silent)
        with pytest.raises(Unreachable) as caught:
            renamed()
        assert caught.value is silent
        platform.silent = None
        assert renamed() == "portfolio"
        assert methods(platform) == [UPDATE]

    def test_one_that_never_left_is_sent_by_the_next_try(self, platform, renamed, written):
        written.clear()
        breaks(platform, UPDATE, never_left(UPDATE))
        with pytest.raises(Unreachable):
            renamed()
        assert written == []
        assert renamed() == "portfolio"
        assert (methods(platform), written) == ([UPDATE, UPDATE], ["provider"])

    def test_a_second_call_that_never_left_does_not_send_the_first_again(
        self, clients, platform, prepare, declare, manifest
    ):
        """A collector's tags and its version travel by two calls."""
        ids = {}
        for resource in declare(manifest, Target("0.1.0")):
            prepare(resource, ids)()
        tagged = manifest.collector.model_copy(update={"tags": {"team": "a"}})
        wanted = declare(dataclasses.replace(manifest, collector=tagged), Target("0.1.1"))[-1]
        update = prepare(wanted)
        first, second = "inventory.Collector.update", "inventory.Collector.update_plugin"
        breaks(platform, second, never_left(second))
        with pytest.raises(Unreachable):
            update()
        assert update() == "collector_id-1"
        assert methods(platform) == [first, second, second]
        (action,) = plan_resources(clients, [wanted])
        assert action.verb is Verb.KEEP


def test_what_is_kept_is_not_written(platform, prepare, provider):
    prepare(provider)()
    ids = {}
    assert prepare(provider, ids)() == "portfolio"
    assert ids == {("provider", "portfolio"): "portfolio"}
    assert methods(platform) == []


@pytest.mark.parametrize("generation", [Generation.V2], ids=str)
def test_a_blocked_action_cannot_be_carried_out(clients, platform, provider):
    twins = [{"provider": "portfolio", "name": name} for name in ("A", "B")]
    platform.records["identity.Provider"] += twins
    (blocked,) = plan_resources(clients, [provider])
    assert blocked.verb is Verb.BLOCKED
    with pytest.raises(ValueError, match="provider portfolio cannot be carried out: 2 exist"):
        Execution(clients, blocked, {})


NOT_READY = (
    "ERROR_GRPC_CONNECTION: Server is unavailable. (channel = x:50051, message = Channel is not ready.)"
)
NO_METHOD = "ERROR_GRPC_CONNECTION: Server is unavailable. (channel = x:50051, message = Method not found!)"


class Starting:
    """A platform whose plugin's container answers after some seconds; `now` is moved by waiting and by each call."""

    def __init__(self, platform, after, words=NOT_READY):
        self.platform, self.after, self.words, self.now, self.told = platform, after, words, 0.0, []
        self.call, platform.call = platform.call, self.answer

    def answer(self, method, params, timeout=None):
        if method.startswith("inventory.Collector.") and self.now < self.after:
            self.now += 4.0
            self.platform.writes.append((method, dict(params)))
            raise from_details(method, "grpc://x:1", "UNAVAILABLE", self.words)
        return self.call(method, params, timeout)

    def sleep(self, seconds):
        self.now += seconds

    @property
    def waiting(self):
        return Waiting(300.0, self.told.append, self.sleep, lambda: self.now)


class TestStarting:
    """A collector, whose plugin's container starts when it is created or updated."""

    create, update = "inventory.Collector.create", "inventory.Collector.update_plugin"

    @pytest.fixture
    def carry_out(self, clients, platform, declare, manifest, written):
        """Carries out what is to be done with the collector of a version, on a platform where the rest is there."""

        def carry_out(version, after, words=NOT_READY):
            declared = declare(manifest, Target(version))
            ids = {resource.key: "x" for resource in declared}
            collector = next(resource for resource in declared if resource.kind == "collector")
            (action,) = plan_resources(clients, [collector])
            platform.writes.clear()
            self.starting = starting = Starting(platform, after, words)
            try:
                return Execution(
                    clients, action, ids, lambda: written.append("collector"), starting.waiting
                )()
            finally:
                platform.call = starting.call

        return carry_out

    def test_it_is_created_when_its_plugin_listens(self, platform, carry_out, written):
        assert carry_out("0.1.0", 100.0) == "collector_id-1"
        assert len(platform.records["inventory.Collector"]) == 1
        assert methods(platform) == [self.create] * 13
        assert written == ["collector"], "what the platform took back is no change"
        assert len(self.starting.told) == 12
        assert self.starting.told[1].endswith("trying again after 13 s of at most 300 s")

    def test_it_is_looked_up_before_each_call(self, platform, carry_out):
        carry_out("0.1.0", 100.0)
        looked = [method for method, _ in platform.lists if method == "inventory.Collector.list"]
        assert len(looked) >= 13

    def test_what_somebody_else_made_meanwhile_is_taken(
        self, platform, carry_out, monkeypatch, manifest, declare
    ):
        info = {**ANSWERED, "version": "0.1.0", "upgrade_mode": "MANUAL", "options": {}}
        declared = declare(manifest, Target("0.1.0"))[-1].declared
        theirs = {**declared, "collector_id": "theirs", "name": manifest.collector.name, "plugin_info": info}

        def sleep(starting, seconds):
            starting.now += seconds
            platform.records["inventory.Collector"] = [theirs]

        monkeypatch.setattr(Starting, "sleep", sleep)
        assert carry_out("0.1.0", 100.0) == "theirs"
        assert methods(platform) == [self.create]

    def test_it_is_updated_when_its_plugin_listens(self, platform, carry_out):
        carry_out("0.1.0", 0.0)
        carry_out("0.2.0", 50.0)
        assert set(methods(platform)) == {self.update}
        assert platform.records["inventory.Collector"][0]["plugin_info"]["version"] == "0.2.0"
        assert self.starting.now >= 50

    def test_what_is_updated_already_is_not_sent_again(self, platform, carry_out, monkeypatch):
        carry_out("0.1.0", 0.0)

        def sleep(starting, seconds):
            starting.now += seconds
            platform.records["inventory.Collector"][0]["plugin_info"]["version"] = "0.2.0"

        monkeypatch.setattr(Starting, "sleep", sleep)
        carry_out("0.2.0", 1000.0)
        assert methods(platform) == [self.update]

    def test_one_that_never_listens_is_given_up(self, platform, carry_out, written):
        with pytest.raises(PluginStarting, match=r"tried for 30\d s\..*start_seconds") as caught:
            carry_out("0.1.0", 1e9)
        assert not caught.value.may_have_arrived
        assert written == []

    def test_what_waiting_does_not_change_is_not_waited_for(self, platform, carry_out):
        with pytest.raises(ServerError, match="Method not found!") as caught:
            carry_out("0.1.0", 1e9, NO_METHOD)
        assert not isinstance(caught.value, PluginStarting)
        assert (methods(platform), self.starting.told) == ([self.create], [])
