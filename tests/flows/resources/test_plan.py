import dataclasses
import pickle
import traceback
from datetime import date

import pytest

from flows.manifest.models import CollectorPlugin, Schedule, SecretFilter
from flows.resources import Execution, Plan, Target, Verb, declared_resources, plan_resources
from flows.resources.plan import AFTER_CREATE, resolved
from flows.resources.resource import Reference
from flows.spaceone import Generation, InvalidArgument, UnknownField
from flows.spaceone.advice import from_details
from flows.steps.errors import PlanBlocked
from tests.flows.resources.conftest import TARGET


def release(clients, resources):
    ids = {}
    plan = Plan(plan_resources(clients, resources))
    for action in plan.actions:
        Execution(clients, action, ids)()
    return plan, ids


def verbs(plan):
    return {(action.kind, action.name): str(action.verb) for action in plan.actions}


def changes(action):
    return {change.name: (change.before, change.after) for change in action.changes}


EVERYTHING = {
    Generation.V2: [
        ("schema", "portfolio_investment_schema", "identity.Schema.create"),
        ("schema", "portfolio-service-account", "identity.Schema.create"),
        ("provider", "portfolio", "identity.Provider.create"),
        ("project", "Portfolio", "identity.Project.create"),
        ("service account", "Investment", "identity.ServiceAccount.create"),
        ("plugin", "plugin-portfolio-inven-collector", "repository.Plugin.register"),
        ("collector", "Portfolio Collector", "inventory.Collector.create"),
    ],
    Generation.V1_12: [
        ("repository", "Local Repository", "repository.Repository.register"),
        ("schema", "portfolio_investment_schema", "repository.Schema.create"),
        ("provider", "portfolio", "identity.Provider.create"),
        ("project group", "Portfolio", "identity.ProjectGroup.create"),
        ("project", "Portfolio", "identity.Project.create"),
        ("service account", "Investment", "identity.ServiceAccount.create"),
        ("secret", "Investment", "secret.Secret.create"),
        ("plugin", "plugin-portfolio-inven-collector", "repository.Plugin.register"),
        ("collector", "Portfolio Collector", "inventory.Collector.create"),
    ],
}


def test_an_empty_platform_gets_everything(clients, resources, platform, generation):
    plan, ids = release(clients, resources)
    created = EVERYTHING[generation]
    kept = {("repository", "Local Repository"): "keep"} if generation is Generation.V2 else {}
    assert verbs(plan) == {**kept, **{(kind, name): "create" for kind, name, _ in created}}
    assert [method for method, _ in platform.writes] == [method for *_, method in created]
    account = dict(platform.writes)["identity.ServiceAccount.create"]
    assert account["project_id"] == ids["project", "Portfolio"] == "project_id-1"


def test_a_second_time_nothing_is_written(clients, resources, platform):
    release(clients, resources)
    platform.writes.clear()
    plan, ids = release(clients, resources)
    assert {action.verb for action in plan.actions} == {Verb.KEEP}
    assert platform.writes == []
    assert ids["collector", "Portfolio Collector"] == "collector_id-1"


def test_the_plan_alone_writes_nothing(clients, resources, platform):
    plan_resources(clients, resources)
    assert platform.writes == []


def test_a_new_version_updates_the_collector_alone(clients, resources, platform, manifest, declare):
    release(clients, resources)
    platform.writes.clear()
    target = dataclasses.replace(TARGET, version="0.1.1")
    plan, _ = release(clients, declare(manifest, target))
    assert changes(plan.action("collector")) == {"version": ("0.1.0", "0.1.1")}
    assert [action.kind for action in plan.writes] == ["collector"]
    # update_plugin starts the plugin anew with what it is given: version and options go together.
    assert platform.writes == [
        (
            "inventory.Collector.update_plugin",
            {
                "collector_id": "collector_id-1",
                "version": "0.1.1",
                "options": {"base_url": "http://127.0.0.1:1"},
                "upgrade_mode": "MANUAL",
            },
        )
    ]


def test_what_was_changed_by_hand_is_put_back_field_by_field(clients, resources, platform):
    release(clients, resources)
    platform.records["identity.Provider"][0].update(name="Folio", order=3)
    platform.writes.clear()
    plan, _ = release(clients, resources)
    assert changes(plan.action("provider")) == {"name": ("Folio", "Portfolio")}
    assert platform.writes == [("identity.Provider.update", {"provider": "portfolio", "name": "Portfolio"})]


def test_a_field_that_cannot_be_changed_blocks(clients, resources, platform):
    release(clients, resources)
    platform.records["repository.Plugin"][0]["image"] = "other/plugin-portfolio-inven-collector"
    plan = Plan(plan_resources(clients, resources))
    assert [action.kind for action in plan.blocked] == ["plugin"]
    assert "image is 'other/plugin" in plan.blocked[0].reason


def test_several_of_one_name_block(clients, resources, platform):
    release(clients, resources)
    twin = {**platform.records["identity.ServiceAccount"][0], "service_account_id": "sa-2"}
    platform.records["identity.ServiceAccount"].append(twin)
    blocked = Plan(plan_resources(clients, resources)).blocked
    assert "service_account_id-1, sa-2" in blocked[0].reason


def test_several_of_which_another_release_removes_its_own_do_not_block(clients, resources, platform):
    release(clients, resources)
    accounts = platform.records["identity.ServiceAccount"]
    accounts.append({**accounts[0], "service_account_id": "sa-2"})
    paused = []

    def sleep(seconds):
        paused.append(seconds)
        del accounts[1]

    plan = Plan(plan_resources(clients, resources, sleep))
    assert {action.verb for action in plan.actions} == {Verb.KEEP}
    assert len(paused) == 1


@pytest.mark.parametrize("generation", [Generation.V2], ids=str)
def test_without_a_local_repository_it_says_where_to_add_one(clients, resources, platform):
    platform.records["repository.Repository"] = [
        {"repository_id": "repo-managed", "repository_type": "MANAGED"}
    ]
    blocked = Plan(plan_resources(clients, resources)).blocked
    assert "REPOSITORIES" in blocked[0].reason


def test_a_collector_of_the_same_name_and_another_plugin_is_not_meant(clients, resources, platform):
    other = {"collector_id": "c-9", "name": "Portfolio Collector", "plugin_info": {"plugin_id": "another"}}
    platform.records["inventory.Collector"].append(other)
    assert Plan(plan_resources(clients, resources)).action("collector").verb is Verb.CREATE


@pytest.mark.parametrize("generation", [Generation.V2], ids=str)
def test_a_secret_that_no_message_can_hold_is_refused_unseen(clients, manifest, platform):
    (declared,) = manifest.service_accounts
    account = declared.model_copy(update={"secret_data": {"pin": date(1984, 2, 29)}})
    changed = dataclasses.replace(manifest, service_accounts=(account,))

    def check(method, params):
        if method == "identity.ServiceAccount.create":
            raise UnknownField(f"{method} refuses the field: {params['secret_data']['pin']}", "secret_data")

    platform.check = check
    with pytest.raises(UnknownField, match=r"create_service_account.yaml: the field 'secret_data'") as caught:
        plan_resources(clients, declared_resources(Generation.V2, changed, Target("0.1.0")))
    assert "1984" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("generation", [Generation.V2], ids=str)
def test_a_lost_secret_is_written_again_and_never_shown(clients, resources, platform):
    release(clients, resources)
    platform.records["identity.ServiceAccount"][0].pop("secret_id")
    platform.writes.clear()
    plan, _ = release(clients, resources)
    action = plan.action("service account")
    assert changes(action)["secret_data"] == (None, "(hidden)")
    assert "cryptocurrency" not in str([change for change in action.changes if change.name == "secret_data"])
    assert [method for method, _ in platform.writes] == ["identity.ServiceAccount.update_secret_data"]


def test_an_id_that_is_not_known_yet(clients, resources):
    action = Plan(plan_resources(clients, resources)).action("service account")
    assert changes(action)["project_id"] == (None, AFTER_CREATE)


def test_a_field_that_the_server_lacks_names_the_file(clients, resources, platform):
    platform.lacks.add(("identity.Provider.create", "name"))
    with pytest.raises(
        UnknownField, match=r"portfolio/create_provider.yaml: identity.Provider.create has no field 'name'"
    ):
        plan_resources(clients, resources)
    assert platform.writes == []


def with_collector(manifest, **fields):
    changed = manifest.collector.model_copy(update=fields)
    return dataclasses.replace(manifest, collector=changed)


@pytest.mark.parametrize(
    "fields",
    [
        {"secret_filter": SecretFilter(state="DISABLED", schemas=["x"])},
        {"secret_filter": SecretFilter(service_accounts=["Investment", "sa-2"])},
        {"schedule": Schedule(state="DISABLED")},
        {"schedule": Schedule(hours=[0, 12])},
        {"tags": {"team": "a"}},
        {"tags": {}},
    ],
)
def test_every_collector_converges(clients, platform, manifest, declare, fields):
    """What the platform makes of a field must be what the next plan expects."""
    wanted = declare(with_collector(manifest, **fields), Target("0.1.0"))
    release(clients, wanted)
    record = platform.records["inventory.Collector"][0]
    # As spaceone-inventory does: a filter that is off is dropped at creation.
    if (record.get("secret_filter") or {}).get("state") == "DISABLED":
        del record["secret_filter"]
    platform.writes.clear()
    plan, _ = release(clients, wanted)
    assert {action.verb for action in plan.actions} == {Verb.KEEP}
    assert platform.writes == []


def test_a_filter_is_turned_off(clients, declare, manifest):
    on = with_collector(manifest, secret_filter=SecretFilter(secrets=["x"]))
    off = with_collector(manifest, secret_filter=SecretFilter(state="DISABLED"))
    release(clients, declare(on, Target("0.1.0")))
    plan, _ = release(clients, declare(off, Target("0.1.0")))
    assert [change.name for change in plan.action("collector").changes] == ["secret_filter"]


def test_options_that_are_emptied_block(clients, declare, manifest):
    """Collector.update_plugin ignores empty options: the update would be planned for ever."""
    release(clients, declare(manifest, Target("0.1.0", {"base_url": "x"})))
    empty = with_collector(manifest, plugin_info=CollectorPlugin(plugin_id="x", options={}))
    plan = Plan(plan_resources(clients, declare(empty, Target("0.1.0"))))
    assert "options" in plan.blocked[0].reason
    assert "empty" in plan.blocked[0].reason


def test_options_that_nobody_names_are_what_the_platform_has(clients, platform, declare, manifest):
    """Somebody may have set them in the console; a new version keeps them."""
    release(clients, declare(manifest, Target("0.1.0", {"base_url": "x"})))
    assert Plan(plan_resources(clients, declare(manifest, Target("0.1.0")))).writes == ()
    platform.writes.clear()
    release(clients, declare(manifest, Target("0.2.0")))
    [params] = [params for method, params in platform.writes if method == "inventory.Collector.update_plugin"]
    assert "options" not in params
    assert params["version"] == "0.2.0"


def test_a_refused_secret_is_in_no_words(clients, platform, resources):
    """Identity 2.x quotes the value that its schema does not take."""
    words = "Parameter is invalid. (key = secret_data, reason = 'hunter2' does not match '^[A-Z]$')"
    said = f"ERROR_INVALID_PARAMETER: {words}"
    [secret] = [resource for resource in resources if resource.hidden]
    method = f"{secret.api}.{secret.create_verb}"
    platform.refuses[method] = from_details(method, "grpc://x", "INVALID_ARGUMENT", said)
    with pytest.raises(InvalidArgument) as caught:
        release(clients, resources)
    text = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in text
    assert "hunter2" not in str(pickle.loads(pickle.dumps(caught.value)))  # noqa: S301 - our own
    assert "ERROR_INVALID_PARAMETER: (key = secret_data) the rest of the message may quote" in text
    assert "create_service_account.yaml against the schema" in caught.value.advice


@pytest.mark.parametrize("generation", [Generation.V2], ids=str)
def test_a_list_that_is_emptied_blocks(clients, platform, resources, manifest):
    """An empty list is absent on the wire."""
    release(clients, resources)
    plugin = manifest.plugin.model_copy(update={"labels": []})
    changed = declared_resources(Generation.V2, dataclasses.replace(manifest, plugin=plugin), TARGET)
    blocked = Plan(plan_resources(clients, changed)).blocked
    assert [action.kind for action in blocked] == ["plugin"]
    assert "labels" in blocked[0].reason


@pytest.mark.parametrize("generation", [Generation.V2], ids=str)
@pytest.mark.parametrize("fields", [{"resource_group": "WORKSPACE"}])
def test_a_collectors_group_cannot_be_changed(clients, platform, manifest, fields):
    release(clients, declared_resources(Generation.V2, manifest, Target("0.1.0")))
    changed = declared_resources(Generation.V2, with_collector(manifest, **fields), Target("0.1.0"))
    assert "resource_group" in Plan(plan_resources(clients, changed)).blocked[0].reason


@pytest.mark.parametrize("generation", [Generation.V2], ids=str)
def test_another_secret_schema_rewrites_the_secret(clients, resources, platform):
    release(clients, resources)
    platform.records["identity.ServiceAccount"][0]["secret_schema_id"] = "another"
    platform.writes.clear()
    release(clients, resources)
    assert [method for method, _ in platform.writes] == ["identity.ServiceAccount.update_secret_data"]
    assert platform.writes[0][1]["secret_data"] == {"investment_type": "cryptocurrency"}


def test_a_blocked_plan_that_is_pickled_holds_no_secret(clients, resources, platform):
    release(clients, resources)
    twin = {**platform.records["identity.ServiceAccount"][0], "service_account_id": "sa-2"}
    platform.records["identity.ServiceAccount"].append(twin)
    error = PlanBlocked(Plan(plan_resources(clients, resources)).blocked)
    assert b"investment_type" not in pickle.dumps(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


def test_the_summary(clients, resources, generation):
    words = {Generation.V2: "7 to create, 1 to keep", Generation.V1_12: "9 to create"}
    assert Plan(plan_resources(clients, resources)).summary() == words[generation]


def test_the_report_of_an_action(clients, resources):
    action = Plan(plan_resources(clients, resources)).action("provider")
    report = dataclasses.replace(action, notes=(), changes=action.changes[:1]).as_json()
    assert report == {
        "kind": "provider",
        "name": "portfolio",
        "action": "create",
        "fields": [{"field": "name", "before": None, "after": "Portfolio"}],
    }


def test_nothing_is_listed_by_an_id_that_is_not_known_yet(clients, resources, platform):
    plan_resources(clients, resources)
    assert AFTER_CREATE not in str(platform.lists)


def test_a_reference_is_resolved_wherever_it_stands():
    account = Reference("service account", "a")
    value = {"state": "ENABLED", "service_accounts": [account, "sa-2"], "deep": {"one": (account,)}}
    assert resolved(value, {("service account", "a"): "sa-1"}) == {
        "state": "ENABLED",
        "service_accounts": ["sa-1", "sa-2"],
        "deep": {"one": ["sa-1"]},
    }
    assert resolved(value, {})["service_accounts"] == [AFTER_CREATE, "sa-2"]


def test_an_account_is_called_by_its_name_in_a_filter(clients, platform, manifest, declare):
    named = with_collector(manifest, secret_filter=SecretFilter(service_accounts=["Investment", "sa-2"]))
    plan, ids = release(clients, declare(named, Target("0.1.0")))
    assert changes(plan.action("collector"))["secret_filter"][1]["service_accounts"] == [AFTER_CREATE, "sa-2"]
    (collector,) = platform.records["inventory.Collector"]
    known = ids["service account", "Investment"]
    assert collector["secret_filter"]["service_accounts"] == [known, "sa-2"]


def test_a_plugin_that_another_repository_has_too_blocks(clients, resources, platform, manifest, generation):
    managed = "managed" if generation is Generation.V1_12 else "MANAGED"
    foreign = {
        "plugin_id": manifest.plugin.id,
        "repository_info": {"name": "Managed Repository", "repository_type": managed},
    }
    platform.records["repository.Plugin"].append(foreign)
    (blocked,) = Plan(plan_resources(clients, resources)).blocked
    assert blocked.kind == "plugin"
    assert blocked.reason.startswith(f"Managed Repository ({managed}) has a plugin {manifest.plugin.id}, too")


def test_a_plugin_that_is_found_before_that_of_another_repository_is_taken(
    clients, resources, platform, generation
):
    release(clients, resources)
    (own,) = platform.records["repository.Plugin"]
    managed = "managed" if generation is Generation.V1_12 else "MANAGED"
    foreign = {**own, "image": "another", "repository_info": {"repository_type": managed}}
    platform.records["repository.Plugin"].append(foreign)
    assert Plan(plan_resources(clients, resources)).action("plugin").verb is Verb.KEEP


def test_a_collector_is_complete_when_its_plugin_has_answered_or_it_has_collected(resources):
    collector = next(resource for resource in resources if resource.kind == "collector")
    begun = {"collector_id": "c-1", "plugin_info": {"plugin_id": "p", "metadata": {}}}
    assert not collector.complete(begun)
    assert not collector.complete({"collector_id": "c-1"})
    assert collector.complete({**begun, "plugin_info": {"metadata": {"options_schema": {}}}})
    assert collector.complete({**begun, "last_collected_at": "2026-01-01T00:00:00.000Z"})
