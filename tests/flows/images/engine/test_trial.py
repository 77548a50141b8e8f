"""The trial run's judgement, on a container that behaves as it is told."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from flows.images import EngineError, EngineUnreachable, ImageReference, TrialFailed
from flows.images.engine import LocalImage, Trial, run_trial, trial
from flows.images.engine.container import Process
from flows.images.engine.restrictions import ALL, NONE, Restriction
from flows.images.engine.serving import NotDescribed, NotServing, Served
from flows.plugin_kinds import COLLECTOR, COLLECTS, kind_of

SERVED = Served(("grpc.health.v1.Health", COLLECTOR))
UP = Process(running=True, exit_code=0, out_of_memory=False)
NOBODY = NotServing("nothing responds there", listens=False)


class World:
    """A clock that sleeping moves, containers, and what asking them gives, one after the other; the last one stays.

    Attributes:
        stands: The restrictions that the plugin serves with, one at a time or all of them.
        cannot: The restrictions that are not possible here.
        refused: What the engine raises for a container with restrictions.
        answers_restricted: Other answers of a container with restrictions.
        hangs: Whether a plugin that does not stand a restriction hangs; otherwise it ends.
        started: When each container was started, with its restrictions.
        after: Seconds after which a container listens.
        expected: What it must serve.
        works: The part of a processor that a container uses.
        said: The lines of progress.
    """

    def __init__(self):
        self.now, self.answers, self.processes = 0.0, [SERVED], [UP]
        self.answers_restricted = None
        self.ports, self.remote, self.endpoints = ("50051/tcp",), None, ["here"]
        self.stands, self.cannot, self.refused, self.hangs = ALL, NONE, None, False
        self.started, self.here, self.written, self.lines = [], 0, [], ["last words"]
        self.after, self.works, self.said = 0.0, 0.0, []
        self.expected = kind_of(COLLECTS).on("2.x")

    @contextmanager
    def running(self, image, seconds, restrictions=NONE):
        self.started.append((self.now, restrictions))
        if restrictions and self.refused:
            raise self.refused
        applied = restrictions - self.cannot
        fine = applied <= self.stands
        self.here += 1
        since = self.now
        try:
            yield SimpleNamespace(
                process=lambda: (
                    self._next(self.processes) if fine or self.hangs else Process(False, 1, False)
                ),
                endpoints=lambda: [(fine, bool(applied), since, each) for each in self.endpoints],
                output=lambda lines=20: self.lines[-lines:],
                cpu_seconds=lambda: self.works * (self.now - since),
                changes=lambda: self.written,
                remote=self.remote,
                restrictions=applied,
                open_network="it is far away" if applied != restrictions else "",
            )
        finally:
            self.here -= 1

    def ask(self, endpoint, expected):
        assert expected == self.expected
        fine, restricted, since = endpoint[:3]
        if not fine or self.now - since < self.after:
            raise NOBODY
        restricted = restricted and self.answers_restricted is not None
        answer = self._next(self.answers_restricted if restricted else self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self, seconds=150.0, **more):
        reference = ImageReference(None, "team/plugin", "0.1.0")
        return run_trial(
            self,
            LocalImage(reference, "sha256:1", None, 1, "", self.ports, {}),
            self.expected,
            seconds=seconds,
            on_output=self.said.append,
            **more,
        )

    def sleep(self, seconds):
        self.now += seconds

    @staticmethod
    def _next(answers):
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def world(monkeypatch):
    world = World()
    monkeypatch.setattr(trial, "time", SimpleNamespace(monotonic=lambda: world.now, sleep=world.sleep))
    monkeypatch.setattr(trial, "ask", world.ask)
    return world


def test_an_image_that_serves(world):
    world.answers = [NOBODY] * 15 + [NotServing("its health check says NOT_SERVING", listens=True), SERVED]
    served = world.run()
    assert served.services == SERVED.services
    assert served.seconds == pytest.approx(1.6)
    assert str(served) == (
        f"serves grpc.health.v1.Health, {COLLECTOR} after 1.6 s, without a writable file system, capabilities "
        "or network access"
    )
    assert served.as_json() == {
        "services": list(SERVED.services),
        "seconds": pytest.approx(1.6),
        "reflection": True,
        "restrictions": ["files", "network", "privileges"],
        "remarks": [],
    }
    assert world.started == [(0.0, ALL)], "one run is enough for a plugin that needs nothing"


def test_who_wants_to_ask_the_plugin_is_told_where_it_serves(world):
    told = []
    world.answers = [NOBODY, SERVED]
    world.run(on_served=lambda endpoint: told.append((endpoint[3], world.here)))
    assert told == [("here", 1)], "once, while its container runs"


@pytest.mark.parametrize("stands", [ALL, NONE], ids=["restricted", "plain"])
def test_what_is_wrong_with_the_plugins_answers_ends_the_trial(world, stands):
    class Wrong(Exception):
        pass

    def refuse(_):
        raise Wrong

    world.stands = stands
    with pytest.raises(Wrong):
        world.run(on_served=refuse)
    assert world.here == 0, "its containers are removed"


def test_a_slow_image_does_not_take_twice_its_time(world):
    world.after = 40.0
    world.run()
    assert world.now < 41
    assert [restrictions for _, restrictions in world.started] == [ALL, NONE]
    assert world.started[1][0] == pytest.approx(10, abs=0.2), "beside the first one, not after it"
    assert world.here == 0


def test_an_image_that_only_waits_for_a_while_is_waited_for(world):
    """It sleeps for 90 s, and says so."""
    world.after, world.lines = 90.0, ["x", "importing \x1b[2J"]
    assert world.run().seconds == pytest.approx(90, abs=1)
    assert world.said[0] == r"still starting after 10 s: 'importing \x1b[2J'"
    assert len(world.said) == 8


@pytest.mark.parametrize(("works", "after"), [(0.02, 500.0), (0.5, 290.0), (1.0, 140.0), (3.0, 140.0)])
def test_an_image_is_waited_for_as_long_as_it_works(world, works, after):
    """On a busy machine it has a fiftieth of a processor, and needs ten seconds of work: it has not used its limit."""
    world.works, world.after, world.lines = works, after, []
    assert world.run().seconds == pytest.approx(after, abs=1)
    assert world.said[-1].endswith(" s of CPU time, and has written nothing")


@pytest.mark.parametrize(
    ("works", "seconds"),
    [(0.0, 150), (0.005, 150), (1.0, 150), (0.5, 300), (0.02, 900)],
    ids=["idle", "hardly", "busy", "half", "starved"],
)
def test_no_image_is_waited_for_without_an_end(world, works, seconds):
    world.works, world.answers = works, [NOBODY]
    with pytest.raises(TrialFailed, match=rf"runs, but does not listen at port 50051 after {seconds}"):
        world.run()
    assert world.now == pytest.approx(seconds + 10, abs=5), "two runs, the second ten seconds later"


def test_an_engine_that_measures_no_cpu_time_counts_all_time(world, monkeypatch):
    def unmeasured(_self):
        raise EngineError("no cgroup")

    monkeypatch.setattr(World, "works", property(unmeasured, lambda *_: None), raising=False)
    world.answers = [NOBODY]
    with pytest.raises(TrialFailed, match="after 150 s: nothing responds there"):
        world.run()


def test_every_endpoint_is_tried(world):
    world.endpoints = ["host", "bridge"]
    world.answers = [NOBODY, SERVED]
    assert world.run() == Trial(SERVED.services, 0.0, restrictions=ALL)


NEEDS = {
    Restriction.FILES: "It needs a writable file system: it writes /opt/cache/a, /opt/cache/b, /opt/cache/c and 1 more",
    Restriction.PRIVILEGES: r"It needs capabilities: otherwise its last line is 'not permitted\x1b'",
    Restriction.NETWORK: r"It needs network access: otherwise its last line is 'not permitted\x1b'",
}


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("needed", [*([each] for each in Restriction), list(Restriction)], ids="-".join)
def test_what_the_platform_takes_is_taken_and_what_it_needs_is_named(world, needed, hangs):
    world.stands, world.hangs, world.lines = ALL - {*needed}, hangs, ["first", "not permitted\x1b"]
    ignored = ["/tmp/x", "/opt/x.pyc", "/opt/__pycache__"]  # noqa: S108 - inside the container
    world.written = [f"/opt/cache/{each}" for each in "abcd"] + ignored
    served = world.run()
    assert served.restrictions == NONE
    assert served.remarks == tuple(NEEDS[each] for each in needed)
    assert str(served).startswith(
        f"serves grpc.health.v1.Health, {COLLECTOR} after 0.0 s, as the platform runs it. It needs "
    )
    assert world.now < (20 if hangs else 1), "a plugin that ends does not keep anybody waiting"
    assert world.here == 0


def test_what_is_needed_and_not_found_out_is_said_to_be_so(world):
    """Two restrictions together, or one that matters sometimes."""
    world.refused = EngineError("The engine does not know tmpfs")
    served = world.run()
    assert served.remarks == (
        (
            "It did not serve with restrictions (The engine does not know tmpfs); "
            "which one it does not stand was not found out"
        ),
    )


def test_the_search_for_what_is_needed_has_an_end(world):
    world.stands, world.hangs, world.after = NONE, True, 10.0
    served = world.run()
    assert served.remarks[0].startswith("It needs a writable file system")
    assert world.now < 30 + 30


def test_a_restricted_container_that_is_slower_by_chance_is_waited_for(world):
    world.answers_restricted = [NOBODY] * 112 + [SERVED]
    world.answers = [NOBODY] * 7 + [SERVED]
    served = world.run()
    assert (served.restrictions, served.seconds) == (ALL, pytest.approx(16, abs=0.5))
    assert len(world.started) == 2


def test_a_restriction_that_is_not_possible_here_is_said(world):
    world.cannot = {Restriction.NETWORK}
    served = world.run()
    assert served.restrictions == {Restriction.FILES, Restriction.PRIVILEGES}
    assert str(served).endswith(
        "without a writable file system or capabilities. Its network had a way out: it is far away"
    )


def test_an_engine_that_is_lost_is_not_asked_again(world):
    world.refused = EngineUnreachable("No Docker engine answers")
    with pytest.raises(EngineUnreachable):
        world.run()
    assert len(world.started) == 1


def test_an_image_that_cannot_be_started_with_restrictions_is_tried_without(world):
    world.refused = TrialFailed("x", reason="it cannot be started: operation not permitted", advice="")
    assert (
        world.run().remarks[0].startswith("It needs a writable file system: it cannot be started: operation")
    )


REFUSALS = {
    "ended": (
        {"processes": [UP, Process(False, 3, False)], "answers": [NOBODY]},
        r"ended with exit code 3 after 0\.[01] s, before it served\. .*docker run --rm team/plugin:0\.1\.0",
    ),
    "out of memory": (
        {"processes": [Process(False, 137, True)]},
        r"needed more than 1024 MiB of memory\. Reduce",
    ),
    "nobody": (
        {"answers": [NOBODY]},
        r"it runs, but does not listen at port 50051 after 150 s: nothing .* `start_seconds` .*\(now 150\)",
    ),
    "elsewhere": (
        {"answers": [NOBODY], "ports": ("8080/tcp", "9090/tcp")},
        r"the image exposes 8080/tcp, 9090/tcp",
    ),
    "remote": (
        {"answers": [NOBODY], "remote": "docker"},
        "check that this machine can reach the ports of docker",
    ),
    "unpublished": ({"endpoints": []}, "its port is not published"),
    "not serving": (
        {"answers": [NotServing("its health check says NOT_SERVING", listens=True)]},
        r"it listens, but does not serve at port 50051 after 150 s: its health check says NOT_SERVING\. Its output",
    ),
    "no collector": (
        {"answers": [Served(("grpc.health.v1.Health",))]},
        rf"it does not serve {COLLECTOR}; it lists grpc\.health\.v1\.Health\. Make its server serve",
    ),
    "nothing": (
        {"answers": [Served(())]},
        "it does not serve .*; it lists no service",
    ),
    "no reflection": (
        {"answers": [NotDescribed("offers no gRPC reflection (UNIMPLEMENTED)")]},
        r"its server offers no gRPC reflection \(UNIMPLEMENTED\)\. SpaceONE finds .* by gRPC reflection alone\. Add",
    ),
}


@pytest.mark.parametrize(("state", "words"), REFUSALS.values(), ids=REFUSALS)
def test_an_image_that_is_refused(world, state, words):
    for name, value in state.items():
        setattr(world, name, copy.copy(value))  # the world uses lists up
    with pytest.raises(TrialFailed, match=words) as caught:
        world.run()
    assert caught.value.message.startswith("The trial run of team/plugin:0.1.0 failed: it")
    assert caught.value.details == ("last words",)
    assert not caught.value.temporary
    assert world.now <= 162, "both runs, of which the second begins ten seconds later"
    assert world.here == 0


def test_an_image_may_take_as_long_as_is_said(world):
    world.answers = [NOBODY]
    with pytest.raises(TrialFailed, match="after 5 s"):
        world.run(seconds=5)
    assert world.now <= 12


WEBHOOK, EVENT = (f"spaceone.api.monitoring.plugin.{name}" for name in ("Webhook", "Event"))


def test_a_plugin_of_another_kind_is_tried_for_its_own_service(world):
    world.expected = kind_of("monitoring.Webhook").on("2.x")
    world.answers = [Served((EVENT, WEBHOOK))]
    assert world.run().remarks == ()


def test_a_service_that_is_called_later_and_lacks_is_remarked(world):
    world.expected = kind_of("monitoring.Webhook").on("1.12")
    world.answers = [Served((WEBHOOK,))]
    remark = f"It does not serve {EVENT}, which the platform calls when it uses a webhook"
    assert world.run().remarks == (remark,)
    world.stands = NONE
    assert world.run().remarks[-1] == remark


def test_an_image_that_contradicts_the_manifest_is_refused_in_words(world):
    world.expected = kind_of("cost_analysis.DataSource").on("2.x")
    with pytest.raises(
        TrialFailed, match="it serves a collector, and the manifest registers it as cost_analysis.Data"
    ):
        world.run()


def test_a_webhook_that_is_registered_as_a_collector_is_refused_in_words(world):
    world.answers = [Served((EVENT, WEBHOOK))]
    with pytest.raises(
        TrialFailed, match=r"it serves a webhook, .* as inventory.Collector; .* the type monitoring.Web"
    ):
        world.run()
