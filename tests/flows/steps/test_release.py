import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from jsonschema import Draft202012Validator

from flows.images import (
    EngineError,
    ImageChanged,
    PushFailed,
    PushUnverified,
    RegistryRefused,
    RegistryUnreachable,
    SourceError,
    TrialFailed,
)
from flows.images.state import ImageState, ImageStatus
from flows.manifest import Manifest, Settings
from flows.resources import Released, Verb, released, with_release
from flows.spaceone import PluginStarting, UnknownField
from flows.spaceone.advice import from_details
from flows.steps import collection, images, registration
from flows.steps.collection import recollect
from flows.steps.errors import NotAsReleased, NothingCollected, NotReleased, PlanBlocked
from flows.steps.markdown import release_report
from flows.steps.release import ReleaseRequest, release
from flows.steps.report import json_schema

PUSHED = f"sha256:{'cd' * 32}"
VERSION = (Path(__file__).parents[3] / "plugin/src/VERSION").read_text().strip()


@pytest.fixture
def request_(world, checkout):
    return ReleaseRequest(world.environment, checkout / "plugin", checkout / "deployments/portfolio")


def failing(status, details, method="identity.Provider.create"):
    return from_details(method, "grpc://host:1", status, details)


WRITES = [
    "identity.Schema.create",
    "identity.Schema.create",
    "identity.Provider.create",
    "identity.Project.create",
    "identity.ServiceAccount.create",
    "repository.Plugin.register",
    "inventory.Collector.create",
    "repository.Plugin.update",
    "inventory.Collector.collect",
]


def test_a_first_release_builds_pushes_registers_collects_and_judges_in_this_order(
    request_, platform, recorder
):
    report = release(request_, recorder)
    assert platform.writes == ["build", "trial", "push", "store", "store", *WRITES]
    assert [step.title for step in recorder.steps] == [
        "read source",
        "check endpoints",
        "plan",
        "log in to registry",
        "build image",
        "inspect image",
        "trial run",
        "list packages",
        "push image",
        "attest image",
        "list what is there",
        "create schema portfolio_investment_schema",
        "create schema portfolio-service-account",
        "create provider portfolio",
        "create project Portfolio",
        "create service account Investment",
        "register plugin plugin-portfolio-inven-collector",
        "create collector Portfolio Collector",
        "list what is registered",
        "record release",
        "verify secrets",
        "wait for a running job",
        "collect",
        "follow the job",
        "judge",
        "read the inventory",
        "show a resource",
    ]
    assert recorder.outcomes["check endpoints"] == "repository 2.0, identity 2.0, inventory 2.0"
    assert recorder.outcomes["list what is there"] == (
        "repository 1, schema 0, provider 0, project 0, service account 0, plugin 0, collector 0"
    )
    assert recorder.outcomes["list what is registered"] == (
        "schema 0 → 2, provider 0 → 1, project 0 → 1, service account 0 → 1, plugin 0 → 1, collector 0 → 1"
    )
    assert recorder.outcomes["read the inventory"] == "2 p/g/t"
    assert recorder.outcomes["show a resource"] == "Bitcoin: 1 details, 1 tag, no dynamic UI"
    assert report.success
    assert report.delivered.digest == PUSHED
    assert report.collector_id == "inventory.Collector-1"
    assert report.collected.by_type == {"p/g/t": 2}
    assert report.collected.rows[0][0] == "Bitcoin"
    assert report.registered.listings["plugin"] == (0, 1)
    assert report.collected.preview.name == "Bitcoin"
    assert [service.name for service in report.planned.services] == ["repository", "identity", "inventory"]
    assert recorder.plans[0].actions == report.actions
    assert recorder.reports == [report]
    assert recorder.lines == ["a line of the build", "a line of the push"]
    assert [job.status for job in recorder.jobs] == ["IN_PROGRESS", "SUCCESS"]


def test_what_somebody_else_made_after_the_plan_is_used_and_reported(request_, platform, recorder):
    def planned(plan):
        platform.records["identity.Project"].append({"project_id": "theirs", "name": "Portfolio"})

    recorder.planned = planned
    report = release(request_, recorder)
    words = "somebody else made theirs meanwhile, as declared"
    assert report.as_json()["meanwhile"] == [f"project Portfolio: {words}"]
    assert f"| meanwhile | project Portfolio: {words} |" in release_report(report)
    assert recorder.outcomes["create project"] == f"theirs; {words}"
    assert "identity.Project.create" not in platform.writes
    assert platform.records["identity.ServiceAccount"][0]["project_id"] == "theirs"


def test_a_second_release_does_nothing_but_collect(request_, world, platform, recorder):
    release(request_, recorder)
    world.status = ImageStatus.SAME
    platform.calls.clear()
    recorder.steps.clear()
    report = release(request_, recorder)
    assert platform.writes == ["inventory.Collector.collect"]
    assert {action.verb for action in report.actions} == {Verb.KEEP}
    assert report.planned.image.digest == PUSHED
    names = [step.name for step in recorder.steps]
    assert names == [
        "read source",
        "check endpoints",
        "plan",
        "wait for a running job",
        "collect",
        "follow the job",
        "judge",
        "read the inventory",
        "show a resource",
    ]
    assert report.registered.listings == {}


def test_every_call_may_be_tried_again_but_a_collect_only_where_it_never_left(request_, recorder):
    release(request_, recorder)
    tries = {step.name: step.kind.retries.tries for step in recorder.steps}
    assert tries.pop("read source") == 1
    assert min(tries.values()) > 1
    (collect,) = (step for step in recorder.steps if step.name == "collect")
    assert collect.may_retry(failing("UNAVAILABLE", "failed to connect to all addresses"))
    assert not collect.may_retry(failing("UNAVAILABLE", "connection reset"))


def test_a_write_that_may_have_arrived_is_not_sent_again(request_, recorder):
    release(request_, recorder)
    writes = [step for step in recorder.steps if step.name.startswith(("create ", "register ", "update "))]
    assert len(writes) == 7
    for step in writes:
        assert step.may_retry(failing("UNAVAILABLE", "failed to connect to all addresses"))
        assert step.may_retry(failing("UNAVAILABLE", "connection reset", "identity.Provider.list"))
        assert not step.may_retry(failing("UNAVAILABLE", "connection reset"))
        assert not step.may_retry(failing("DEADLINE_EXCEEDED", ""))
        assert not step.may_retry(failing("INTERNAL", "ERROR_UNKNOWN: x"))


def test_a_dry_run_ends_with_the_plan(request_, platform, recorder):
    report = release(dataclasses.replace(request_, dry_run=True), recorder)
    assert platform.writes == []
    assert (report.collected, report.dry_run, report.success) == (None, True, True)
    assert [step.name for step in recorder.steps] == ["read source", "check endpoints", "plan"]
    assert len(recorder.plans) == 1
    assert recorder.reports == [report]


def test_publishing_ends_with_the_registered_plugin(request_, platform, recorder):
    report = release(dataclasses.replace(request_, publish_only=True), recorder)
    assert platform.writes == [
        "build",
        "trial",
        "push",
        "store",
        "store",
        *WRITES[:3],
        "repository.Plugin.register",
        WRITES[-2],
    ]
    assert [action.kind for action in report.actions] == [
        *("image", "repository", "schema", "schema", "provider", "plugin")
    ]
    assert (report.collected, report.collector_id, report.success) == (None, None, True)
    assert recorder.steps[-1].name == "record release"
    assert recorder.reports == [report]


@pytest.fixture
def webhook(request_, tmp_path):
    """A request for a plugin of another kind."""
    manifest = tmp_path / "manifest"
    manifest.mkdir()
    (manifest / "register_plugin.yaml").write_text(
        "name: Alerts\nservice_type: monitoring.Webhook\nimage: team/plugin-alerts-mon-webhook\n"
    )
    return dataclasses.replace(request_, manifest=manifest)


def test_a_release_of_another_kind_ends_with_the_registered_plugin(webhook, platform, recorder, engine):
    report = release(webhook, recorder)
    published = ["repository.Plugin.register", WRITES[-2]]
    assert platform.writes == ["build", "trial", "push", "store", "store", *published]
    assert [action.kind for action in report.actions] == ["image", "repository", "plugin"]
    assert (report.collected, report.collector_id, report.success) == (None, None, True)
    assert engine.plugin_type == "monitoring.Webhook"
    document = report.as_json()
    assert document["plugin_type"] == "monitoring.Webhook"
    assert document["next_step"].startswith(
        "Create a webhook with it, in the console if it lists the plugin or by the"
    )
    Draft202012Validator(json_schema()).validate(document)


def test_a_second_release_of_another_kind_writes_nothing(webhook, platform, recorder, world):
    release(webhook, recorder)
    platform.records["repository.Plugin"][0]["plugin_id"] = "plugin-alerts-mon-webhook"
    world.status, world.plugin_type = ImageStatus.SAME, "monitoring.Webhook"
    platform.calls.clear()
    report = release(webhook, recorder)
    assert platform.writes == []
    assert report.next_step


def test_the_plan_says_where_a_release_of_another_kind_ends(webhook, recorder, platform):
    report = release(dataclasses.replace(webhook, dry_run=True), recorder)
    assert platform.writes == []
    notes = report.planned.plan.action("plugin").notes
    assert "It is a webhook, and no collector: the release ends when it is registered." in notes
    assert report.next_step is None


def test_what_only_a_collector_uses_is_remarked(webhook, recorder, world):
    (webhook.manifest / "create_service_account.yaml").write_text(
        "name: Account\nprovider: alerts\nproject: P\ndata: {}\n"
    )
    options = {"plugin-alerts-mon-webhook": {"base_url": "x"}}
    settings = Settings(registry={"type": "HARBOR"}, plugin_options=options)
    environment = world.environment.model_copy(update={"settings": settings})
    report = release(dataclasses.replace(webhook, dry_run=True, environment=environment), recorder)
    assert [action.kind for action in report.actions] == ["image", "repository", "plugin"]
    notes = report.planned.plan.action("plugin").notes
    assert notes[-2:] == (
        "not used, because a release of this plugin makes none: service account Account.",
        "not used, because they are a collector's: plugin_options of the environment (base_url).",
    )


def test_an_image_that_was_tried_as_a_collector_is_not_published_as_another_kind(
    webhook, world, platform, recorder
):
    world.status = ImageStatus.SAME
    with pytest.raises(
        PlanBlocked, match="was tried as inventory.Collector, and the manifest registers it as monitor"
    ):
        release(webhook, recorder)
    assert platform.writes == []


@pytest.mark.parametrize(("language", "text"), [("en", "# Guide"), ("ko", "# 가이드")])
def test_the_guide_of_the_source_is_the_plugins_docs(
    webhook, recorder, platform, checkout, tmp_path, language, text
):
    source = shutil.copytree(checkout / "plugin", tmp_path / "source")
    guide = source / "docs" / language / "GUIDE.md"
    guide.parent.mkdir(parents=True)
    guide.write_text(f"{text}\n")
    release(dataclasses.replace(webhook, source=source), recorder)
    assert platform.records["repository.Plugin"][0]["docs"] == {language: text}


def test_nothing_is_collected_with_another_kind(webhook, world, recorder):
    manifest = Manifest.load(webhook.manifest)
    with pytest.raises(
        NothingCollected, match="plugin-alerts-mon-webhook is a webhook .* no collector, no job"
    ):
        recollect(world.environment, manifest, recorder)


@pytest.mark.parametrize("status", [ImageStatus.CONFLICT, ImageStatus.UNLABELLED])
def test_a_version_of_another_source_stops_before_anything_is_built(
    request_, world, platform, recorder, status
):
    world.status = status
    with pytest.raises(PlanBlocked, match=rf"image .*:{VERSION} is blocked: bump .*src/VERSION") as caught:
        release(request_, recorder)
    assert platform.writes == []
    assert not caught.value.changed
    assert len(recorder.plans) == 1
    report = release(dataclasses.replace(request_, dry_run=True), recorder)
    assert [action.kind for action in report.blocked] == ["image"]


def test_all_that_is_blocked_is_told_at_once(request_, world, platform, recorder):
    world.status = ImageStatus.CONFLICT
    platform.records["repository.Repository"].clear()
    with pytest.raises(PlanBlocked) as caught:
        release(request_, recorder)
    assert [action.kind for action in caught.value.blocked] == ["image", "repository"]
    assert str(caught.value).count("is blocked") == 2


def test_a_refused_push_leaves_the_platform_alone(request_, platform, recorder, engine):
    engine.refuses["push"] = PushFailed("x", reason="denied", advice="log in")
    with pytest.raises(PushFailed, match="denied") as caught:
        release(request_, recorder)
    assert platform.writes == ["build", "trial", "push"]
    assert not caught.value.changed


def test_an_image_that_another_release_built_meanwhile_is_not_pushed(
    request_, platform, recorder, engine, monkeypatch
):
    tried = engine.try_out

    def try_out():
        engine.image = dataclasses.replace(engine.image, id="sha256:another")
        return tried()

    monkeypatch.setattr(engine, "try_out", try_out)
    with pytest.raises(EngineError, match="is no longer the image that was tried; nothing was pushed"):
        release(request_, recorder)
    assert platform.writes == ["build", "trial"]


def test_another_image_that_somebody_pushed_meanwhile_is_not_taken_for_the_release(
    request_, world, platform, recorder, monkeypatch
):
    """Its label says the same source: whoever may push copies it."""

    def compare(source, registry, reference):
        return ImageState(ImageStatus.SAME, reference, PUSHED, source.digest, "", config="sha256:another")

    monkeypatch.setattr(images, "compare", compare)
    with pytest.raises(
        ImageChanged, match="Somebody pushed another image .* nothing was pushed.*delete the tag"
    ):
        release(request_, recorder)
    assert platform.writes == ["build", "trial"]


def test_a_registry_that_holds_another_source_after_the_push_is_no_success(
    request_, world, platform, recorder
):
    world.pushed = ImageStatus.CONFLICT
    with pytest.raises(PushUnverified, match="built from another source") as caught:
        release(request_, recorder)
    assert platform.writes == ["build", "trial", "push"]
    assert caught.value.changed


def test_a_wrong_password_shows_before_anything_is_built(request_, world, platform, recorder):
    world.login = RegistryRefused("127.0.0.1:5000", "refuses user 'ann' (401)", "Check the password")
    with pytest.raises(RegistryRefused, match="Check the password") as caught:
        release(request_, recorder)
    assert platform.writes == []
    assert not caught.value.changed


def test_an_image_that_does_not_serve_is_not_pushed(request_, platform, recorder, engine):
    engine.refuses["trial"] = TrialFailed("x", reason="it serves nothing", advice="serve")
    with pytest.raises(TrialFailed, match="it serves nothing") as caught:
        release(request_, recorder)
    assert platform.writes == ["build", "trial"]
    assert not caught.value.changed


def test_each_step_towards_the_registry_says_what_came_of_it(request_, world, recorder):
    report = release(request_, recorder)
    name = f"127.0.0.1:5000/quasarhub/plugin-portfolio-inven-collector:{VERSION}"
    outcomes = recorder.outcomes
    assert outcomes["read source"].startswith(f"version {VERSION}, ")
    assert outcomes["log in to registry"] == "127.0.0.1:5000, as ann"
    assert outcomes["build image"] == name
    assert outcomes["inspect image"] == "abababababab, 155.0 MB, user 1, exposes 50051/tcp"
    assert outcomes["trial run"] == (
        "serves grpc.health.v1.Health, spaceone.api.inventory.plugin.Collector after 1.2 s, as the platform runs it"
    )
    assert outcomes["push image"] == PUSHED
    shown = report.as_json()
    assert shown["source"]["setup"] == {
        "name": "plugin-portfolio-inven-collector",
        "version": VERSION,
        "file": "setup.py",
    }
    assert (shown["login"], shown["built"]["size"], shown["trial"]["seconds"]) == (
        "as ann",
        155_000_000,
        1.25,
    )
    assert str(report.delivered.image.reference) == name


def test_an_image_that_is_kept_is_neither_built_nor_tried(request_, world, platform, recorder):
    world.status = ImageStatus.SAME
    shown = release(request_, recorder).as_json()
    assert not {"build", "trial", "push", "check"} & set(platform.calls)
    assert (shown["login"], shown["built"], shown["trial"]) == (None, None, None)


def test_remarks_on_the_source_are_shown_whatever_becomes_of_the_image(
    request_, recorder, checkout, tmp_path
):
    source = shutil.copytree(checkout / "plugin", tmp_path / "plugin")
    (source / "src/setup.py").write_text("setup(name='x', version='9')")
    report = release(dataclasses.replace(request_, source=source, dry_run=True), recorder)
    words = f"src/setup.py: has version '9', but VERSION has {VERSION}; "
    assert words in recorder.outcomes["read source"]
    (remark,) = report.as_json()["source"]["remarks"]
    assert words in remark


def test_a_push_that_was_accepted_and_cannot_be_checked_has_written(request_, platform, recorder, engine):
    engine.refuses["push"] = PushUnverified("x", reason="cannot be checked", advice="run it again")
    with pytest.raises(PushUnverified) as caught:
        release(request_, recorder)
    assert caught.value.changed


@pytest.mark.parametrize(
    ("details", "wrote"),
    [
        (("PERMISSION_DENIED", "ERROR_PERMISSION_DENIED: no"), False),
        (("INVALID_ARGUMENT", "ERROR_INVALID_PARAMETER: no"), False),
        (("DEADLINE_EXCEEDED", ""), True),
        (("UNAVAILABLE", "connection reset"), True),
        (("INTERNAL", "ERROR_GRPC_CONNECTION: the plugin does not answer"), True),
    ],
)
def test_a_first_write_without_a_clear_refusal_counts_as_written(
    request_, world, platform, recorder, details, wrote
):
    world.status = ImageStatus.SAME
    platform.refuses["identity.Schema.create"] = error = failing(*details)
    with pytest.raises(type(error)) as caught:
        release(request_, recorder)
    assert caught.value.changed is wrote


def test_the_first_half_of_an_update_counts_as_written(request_, world, platform, recorder):
    release(request_, recorder)
    world.status = ImageStatus.SAME
    (account,) = platform.records["identity.ServiceAccount"]
    account.update(data={"amount": "other"}, secret_id="")
    method = "identity.ServiceAccount.update_secret_data"
    platform.refuses[method] = failing("PERMISSION_DENIED", "ERROR_PERMISSION_DENIED: no", method)
    platform.calls.clear()
    with pytest.raises(type(platform.refuses[method])) as caught:
        release(request_, recorder)
    assert platform.writes == ["identity.ServiceAccount.update", method]
    assert caught.value.changed


def test_a_collection_that_fails_is_in_the_report(request_, platform, recorder):
    platform.job.update(status="FAILURE", failure_tasks=1, success_tasks=0)
    platform.task.update(status="FAILURE", errors=[{"error_code": "ERROR_PLUGIN", "message": "closed"}])
    report = release(request_, recorder)
    assert not report.success
    assert "ERROR_PLUGIN: closed" in " ".join(report.failures)
    assert report.failures[-1].startswith("The plugin's own log may say more: it is the log of the container")
    assert report.collected.verdict.log == ()
    assert recorder.reports == [report]


def test_a_plugin_that_never_answers_on_the_platform_is_told_with_its_last_words(
    request_, platform, recorder, monkeypatch
):
    words = "ERROR_GRPC_CONNECTION: Server is unavailable. (message = Channel is not ready.)"
    platform.refuses["inventory.Collector.create"] = failing(
        "UNAVAILABLE", words, "inventory.Collector.create"
    )
    monkeypatch.setattr(registration, "last_words", lambda *_: ("no licence",))
    monkeypatch.setattr(registration, "_start_seconds", lambda *_: 0.0)
    with pytest.raises(PluginStarting) as caught:
        release(request_, recorder)
    assert caught.value.details == ("no licence",)
    assert caught.value.changed, "the image and the plugin are there"


@pytest.mark.parametrize(
    ("allowed", "trial", "waited"),
    [
        (150.0, 0.0, 300.0),
        (150.0, 90.0, 300.0),
        (150.0, 110.0, 330.0),
        (600.0, 0.0, 900.0),
        (5.0, 1000.0, 900.0),
    ],
)
def test_the_platforms_container_gets_as_long_as_the_trials_on_a_busier_machine(allowed, trial, waited):
    session = SimpleNamespace(environment=SimpleNamespace(settings=Settings(start_seconds=allowed)))
    assert registration._start_seconds(session, trial) == waited


@pytest.mark.parametrize(
    ("lines", "log"), [(("one", "two"), ["one", "two"]), ((), [])], ids=["words", "silent"]
)
def test_a_collection_that_fails_shows_the_plugins_last_words(
    request_, platform, recorder, monkeypatch, lines, log
):
    platform.job.update(created_at="2026-01-01T00:00:00Z")
    platform.task.update(created_count=0)
    asked = []
    monkeypatch.setattr(collection, "last_words", lambda *given: asked.append(given) or lines)
    report = release(request_, recorder)
    assert report.as_json()["job"]["log"] == log
    assert report.failures == ("The job ended well but collected no resource: the plugin reported none.",)
    ((environment, plugin, since),) = asked
    assert (environment, str(plugin)) == (
        request_.environment,
        f"plugin-portfolio-inven-collector {VERSION}",
    )
    assert since == "2026-01-01T00:00:00Z"


def test_a_success_and_a_job_without_a_task_need_no_words_of_the_plugin(
    request_, platform, recorder, monkeypatch
):
    monkeypatch.setattr(collection, "last_words", lambda *_: pytest.fail("not asked"))
    assert release(request_, recorder).success
    platform.job.update(total_tasks=0, success_tasks=0)
    assert len(release(request_, recorder).failures) == 1


def test_files_are_read_before_anybody_is_called(request_, platform, recorder, tmp_path):
    with pytest.raises(SourceError):
        release(dataclasses.replace(request_, source=tmp_path), recorder)
    assert (platform.calls, [step.name for step in recorder.steps]) == ([], ["read source"])


class TestWhatWasReleasedIsWhatRuns:
    """The platform keeps which image was released as each version; a label of an image proves nothing."""

    def test_it_is_recorded_with_the_plugin(self, request_, world, platform, recorder):
        report = release(request_, recorder)
        (plugin,) = platform.records["repository.Plugin"]
        assert released(plugin) == {VERSION: Released(PUSHED, report.planned.source.plugin.digest)}
        assert recorder.outcomes["record release"] == f"{VERSION} is {PUSHED}"

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_another_image_under_the_version_is_blocked_whatever_its_label_says(
        self, request_, world, platform, recorder, dry_run
    ):
        release(request_, recorder)
        world.status, world.digest = ImageStatus.SAME, f"sha256:{'ee' * 32}"
        platform.calls.clear()
        request = dataclasses.replace(request_, dry_run=dry_run)
        if dry_run:
            (blocked,) = release(request, recorder).planned.plan.blocked
            assert blocked.reason.startswith(f"{VERSION} is not the image that was released")
        else:
            with pytest.raises(PlanBlocked, match=f"{VERSION} is not the image that was released.*Bump"):
                release(request, recorder)
        assert platform.writes == []

    def test_an_image_that_is_gone_and_another_source(self, request_, world, platform, recorder):
        release(request_, recorder)
        (plugin,) = platform.records["repository.Plugin"]
        plugin["tags"] = with_release({}, VERSION, Released(PUSHED, f"sha256:{'ee' * 32}"))
        platform.calls.clear()
        with pytest.raises(PlanBlocked, match="released from another source.*gone from the registry"):
            release(request_, recorder)

    def test_an_image_that_is_gone_is_built_again_from_the_same_source(
        self, request_, world, platform, recorder
    ):
        release(request_, recorder)
        world.digest = f"sha256:{'ee' * 32}"
        platform.calls.clear()
        assert release(request_, recorder).delivered

    def test_an_image_without_a_record_is_remarked_and_recorded(self, request_, world, platform, recorder):
        world.status = ImageStatus.SAME
        report = release(request_, recorder)
        assert "no record of its release" in " ".join(report.planned.plan.action("image").notes)
        (plugin,) = platform.records["repository.Plugin"]
        assert released(plugin)[VERSION].digest == PUSHED

    def test_an_update_of_the_tags_keeps_it(self, request_, world, platform, recorder):
        release(request_, recorder)
        world.status = ImageStatus.SAME
        (plugin,) = platform.records["repository.Plugin"]
        plugin["tags"]["by hand"] = "x"
        release(request_, recorder)
        assert "by hand" not in plugin["tags"]
        assert released(plugin)[VERSION].digest == PUSHED

    def test_a_recollection_of_another_image_is_refused(self, request_, world, platform, recorder, checkout):
        release(request_, recorder)
        world.digest = f"sha256:{'ee' * 32}"
        platform.calls.clear()
        manifest = Manifest.load(checkout / "deployments/portfolio")
        with pytest.raises(NotAsReleased, match=f"{VERSION} is not the image that was released"):
            recollect(world.environment, manifest, recorder)
        assert platform.writes == []

    def test_a_registry_that_cannot_be_asked_does_not_stop_a_recollection(
        self, request_, world, recorder, checkout
    ):
        release(request_, recorder)
        world.digest = RegistryUnreachable("registry.example.com", "is down")
        manifest = Manifest.load(checkout / "deployments/portfolio")
        assert recollect(world.environment, manifest, recorder).success
        assert recorder.outcomes["check the image"].startswith("not compared: The registry")

    def test_a_recollection_of_what_was_never_recorded(self, request_, world, platform, recorder, checkout):
        release(request_, recorder)
        (plugin,) = platform.records["repository.Plugin"]
        del plugin["tags"]
        manifest = Manifest.load(checkout / "deployments/portfolio")
        assert recollect(world.environment, manifest, recorder).success
        assert "no record" in recorder.outcomes["check the image"]


def test_recollect_collects_with_what_was_released(request_, world, platform, recorder, checkout):
    release(request_, recorder)
    platform.calls.clear()
    manifest = Manifest.load(checkout / "deployments/portfolio")
    report = recollect(world.environment, manifest, recorder)
    assert platform.writes == ["inventory.Collector.collect"]
    assert (report.flow, report.version, report.planned, report.actions) == ("recollect", VERSION, None, ())
    assert report.success
    assert recorder.reports[-1] is report


def test_recollect_of_nothing_says_what_to_do(world, platform, recorder, checkout):
    manifest = Manifest.load(checkout / "deployments/portfolio")
    with pytest.raises(NotReleased, match="in test. Release the plugin first") as caught:
        recollect(world.environment, manifest, recorder)
    assert platform.writes == []
    assert not caught.value.changed


def test_recollect_with_two_collectors_of_one_name_says_so(request_, world, platform, recorder, checkout):
    release(request_, recorder)
    (held,) = platform.records["inventory.Collector"]
    platform.records["inventory.Collector"].append({**held, "collector_id": "another"})
    manifest = Manifest.load(checkout / "deployments/portfolio")
    with pytest.raises(NotReleased, match="2 collectors 'Portfolio Collector'"):
        recollect(world.environment, manifest, recorder)


def test_a_field_that_the_server_lacks_is_named_with_file_and_generation(
    request_, platform, recorder, monkeypatch
):
    def check(method, params):
        if method == "identity.Provider.create" and "icon" in params:
            raise UnknownField(f"{method} has no field 'icon' on this server.", "icon")

    monkeypatch.setattr(platform, "check", check)
    with pytest.raises(UnknownField, match=r"create_provider\.yaml: .*'icon'.* SpaceONE 2\.x\."):
        release(request_, recorder)
    assert platform.writes == []
