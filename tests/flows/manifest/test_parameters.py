"""`-p KIND.FIELD=VALUE`."""

import re

import pytest
import yaml

from flows.manifest import InvalidField, InvalidParameter, Manifest, ManifestError, split_parameters


def test_a_field_is_stronger_than_the_files(folder):
    manifest = Manifest.load(folder, ["collector.name=My collector", "plugin.tags.description=a=b"])
    assert manifest.collector.name == "My collector"
    assert manifest.plugin.tags["description"] == "a=b"
    assert manifest.plugin.tags["icon"].startswith("https://")


def test_the_last_one_of_a_field_counts(folder):
    assert Manifest.load(folder, ["plugin.name=a", "plugin.name=b"]).plugin.name == "b"


def test_missing_mappings_are_made(folder):
    manifest = Manifest.load(folder, ["collector.tags.a.b=c", "collector.schedule.state=DISABLED"])
    assert manifest.collector.tags == {"a": {"b": "c"}}
    assert manifest.collector.schedule.state == "DISABLED"


@pytest.mark.parametrize(
    ("parameter", "path", "value"),
    [
        ("provider.order=7", "provider.order", 7),
        ("provider.alias=7", "provider.alias", "7"),
        ("plugin.labels=[a, b]", "plugin.labels", ["a", "b"]),
        ("plugin.labels=null", "plugin.labels", None),
        ("plugin.name=null", "plugin.name", "null"),
        ("plugin.name=", "plugin.name", ""),
        ("plugin.tags.size=7", "plugin.tags.size", "7"),
        ("plugin.tags={size: 7}", "plugin.tags.size", 7),
        ("collector.schedule.hours=[3]", "collector.schedule.hours", [3]),
        ("collector.plugin_info.options={coins: 5}", "collector.plugin_info.options.coins", 5),
        ("collector.plugin_info.options.coins=5", "collector.plugin_info.options.coins", "5"),
        ("collector.resource_group=WORKSPACE", "collector.resource_group", "WORKSPACE"),
    ],
)
def test_a_value_is_text_where_the_field_takes_text_and_yaml_where_not(folder, parameter, path, value):
    found = {
        name: getattr(Manifest.load(folder, [parameter]), name)
        for name in ("provider", "plugin", "collector")
    }
    for step in path.split("."):
        found = found[step] if isinstance(found, dict) else getattr(found, step)
    assert found == value


def test_the_field_schema_is_called_as_in_the_file(folder):
    manifest = Manifest.load(folder, ["schema.schema.title=Secret", "schema.tags.a=b"])
    assert manifest.schemas[0].definition["title"] == "Secret"


def test_what_a_yaml_alias_shares_stays_as_it_is(folder):
    path = folder / "register_plugin.yaml"
    text = path.read_text().replace("template: {}", "template: *shared")
    path.write_text(text.replace("labels:", "docs: &shared {a: {b: c}}\nlabels:"))
    plugin = Manifest.load(folder, ["plugin.docs.a.b=new"]).plugin
    assert (plugin.docs, plugin.template) == ({"a": {"b": "new"}}, {"a": {"b": "c"}})


def test_defaults_can_be_changed_and_follow_the_plugin(folder):
    (folder / "create_collector.yaml").unlink()
    (folder / "register_repository.yaml").unlink()
    manifest = Manifest.load(folder, ["plugin.name=Mine", "repository.name=R", "collector.tags.a=b"])
    assert (manifest.repository.name, manifest.collector.name, manifest.collector.tags) == (
        "R",
        "Mine",
        {"a": "b"},
    )
    assert manifest.collector.place.default


def test_a_place_names_its_parameters(folder):
    place = Manifest.load(folder, ["plugin.name=x", "plugin.labels=[]", "plugin.name=y"]).plugin.place
    assert str(place) == f"{folder}/register_plugin.yaml with -p plugin.labels -p plugin.name"


@pytest.fixture
def two(folder, documents):
    """The portfolio with two of those kinds that may be several."""
    for kind in ("schema", "service_account"):
        other = yaml.safe_load(documents[kind]) | {"name": "Other"}
        (folder / f"{kind}.yaml").write_text(yaml.safe_dump(other))
    return folder


def test_one_of_several_is_named(two):
    parameters = [
        "schema[portfolio_investment_schema].tags.a=b",
        "service_account[Other].data.amount=stocks",
        "schema[Other].tags.c=d",
    ]
    manifest = Manifest.load(two, parameters)
    assert [schema.tags.get("a") for schema in manifest.schemas] == ["b", None]
    assert [account.data["amount"] for account in manifest.service_accounts] == ["cryptocurrency", "stocks"]


def test_one_that_is_alone_may_be_named(folder):
    assert Manifest.load(folder, ["provider[portfolio].name=x"]).provider.name == "x"


def test_one_of_several_that_is_not_named_is_refused(two):
    words = r"-p schema.tags.a: .* 2 .*: schema\[portfolio_investment_schema\] or schema\[Other\]"
    with pytest.raises(InvalidParameter, match=words):
        Manifest.load(two, ["schema.tags.a=hush"])


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ("hush", "Parameter 2 is not of the form KIND.FIELD=VALUE"),
        ("plugin=hush", "Parameter 2 is not of the form KIND.FIELD=VALUE"),
        ("plugin..a=hush", "Parameter 2 is not of the form KIND.FIELD=VALUE"),
        ("=hush", "Parameter 2 is not of the form KIND.FIELD=VALUE"),
        (
            "folio.image=hush",
            "no kind 'folio'. The kinds are: repository, schema, provider, service_account, ",
        ),
        ("schema[x].name=hush", "no schema 'x'. The manifest declares: portfolio_investment_schema"),
        ("plugin.labels.a=hush", "-p plugin.labels.a: 'labels' has no fields"),
        (
            "plugin.labels={hush",
            "-p plugin.labels: the field does not accept text, and the value is not valid YAML",
        ),
        ("provider.plugin_info={hush: .inf}", "-p provider.plugin_info: a number cannot be stored"),
    ],
)
def test_a_parameter_that_fits_nothing(folder, parameter, words):
    with pytest.raises(InvalidParameter) as caught:
        Manifest.load(folder, ["plugin.name=x", parameter])
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        (
            "plugin.imag=hush",
            "-p plugin.imag: unknown field 'imag'. The fields here are: capability, docs, image,",
        ),
        ("collector.schedule.hour=hush", "unknown field 'schedule.hour'. The fields here are: hours, state."),
        ("plugin.image=Hush/x", "-p plugin.image: the field 'image': '…' has capital letters"),
        ("plugin.image=team/hush_x", "'…' is refused by SpaceONE: its last part contains '…'"),
        ("repository.repository_type=hush", "'…' cannot be used: only a local repository"),
        ("provider.order=hush", "-p provider.order: the field 'order': Input should be a valid integer"),
        ("plugin.labels=hush", "-p plugin.labels: the field 'labels': Input should be a valid list"),
        ("collector.schedule={hush: 1}", "-p collector.schedule: unknown field 'schedule'"),
        ("collector.provider=hush", "create_collector.yaml with -p collector.provider: the provider is '…'"),
        ("collector.plugin_info.plugin_id=hush", "plugin_info.plugin_id is '…'"),
        ("service_account.data={hush: 1}", "data does not fit the form of"),
    ],
)
def test_no_value_is_in_a_message(folder, parameter, words):
    with pytest.raises(InvalidField) as caught:
        Manifest.load(folder, [parameter])
    assert words in str(caught.value)
    assert "hush" not in str(caught.value).lower()


@pytest.mark.parametrize("value", ["it's hush", 'a "hush', 'it\'s a "hush"', "\\'hush"])
def test_no_quotation_mark_makes_a_value_shown(folder, value):
    with pytest.raises(ManifestError) as caught:
        Manifest.load(folder, [f"collector.provider={value}"])
    assert "hush" not in str(caught.value)


def test_a_fault_of_the_file_keeps_its_line_beside_a_parameter(folder):
    path = folder / "register_plugin.yaml"
    path.write_text(path.read_text() + "colour: red\n")
    line = path.read_text().splitlines().index("colour: red") + 1
    with pytest.raises(InvalidField, match=f"register_plugin.yaml:{line}: unknown field 'colour'"):
        Manifest.load(folder, ["plugin.name=x"])


@pytest.mark.parametrize(
    ("line", "parameters"),
    [
        ("", []),
        ("plugin.name=x", ["plugin.name=x"]),
        (
            """plugin.name=x  collector.name="My collector" a.b='c d'""",
            ["plugin.name=x", "collector.name=My collector", "a.b=c d"],
        ),
        ("plugin.name=x\ncollector.name=y", ["plugin.name=x", "collector.name=y"]),
    ],
)
def test_a_line_of_parameters(line, parameters):
    assert split_parameters(line) == parameters


@pytest.mark.parametrize("kind", ["schema", "provider", "service_account"])
def test_a_parameter_for_a_kind_that_is_left_to_the_platform(folder, kind):
    (folder / f"create_{kind}.yaml").unlink()
    with pytest.raises(InvalidParameter, match=rf"-p {kind}.name: .* declares no .* Add create_{kind}.yaml"):
        Manifest.load(folder, [f"{kind}.name=hush"])


@pytest.mark.parametrize(
    ("parameter", "plugin_id", "by"),
    [
        ("plugin.image=team/plugin-x", "plugin-x", "plugin.image"),
        ("plugin.plugin_id=plugin-y", "plugin-y", "plugin.plugin_id"),
    ],
)
def test_a_parameter_that_renames_the_plugin_takes_the_collector_along(folder, parameter, plugin_id, by):
    manifest = Manifest.load(folder, [parameter])
    assert manifest.collector.plugin_info.plugin_id == manifest.plugin.id == plugin_id
    assert manifest.collector.plugin_info.options == Manifest.load(folder).collector.plugin_info.options
    assert manifest.plugin_ids >= {plugin_id, "plugin-portfolio-inven-collector"}
    (remark,) = manifest.remarks[str(folder / "create_collector.yaml")]
    assert re.search(rf"create_collector.yaml:\d+: plugin_info.plugin_id follows -p {by}\.", remark)


def test_a_collectors_plugin_that_a_parameter_sets_does_not_follow(folder):
    parameters = ["plugin.image=team/x", "collector.plugin_info.plugin_id=y"]
    with pytest.raises(InvalidField, match=r"plugin_info.plugin_id is '…', but .* registers '…'"):
        Manifest.load(folder, parameters)


def test_a_collector_of_another_plugin_does_not_follow(folder):
    path = folder / "create_collector.yaml"
    path.write_text(path.read_text().replace("plugin_id: plugin-portfolio", "plugin_id: another"))
    with pytest.raises(InvalidField, match="plugin_info.plugin_id is"):
        Manifest.load(folder, ["plugin.image=team/x"])


def test_a_parameter_that_renames_a_schema_takes_what_refers_to_it_along(folder):
    manifest = Manifest.load(folder, ["schema.name=mine"])
    assert manifest.service_accounts[0].secret_schema_id == "mine"
    assert manifest.provider.capability == manifest.plugin.capability == {"supported_schema": ["mine"]}
    assert len(manifest.remarks) == 3


def test_a_line_with_an_open_quotation_mark():
    with pytest.raises(InvalidParameter, match="No closing quotation") as caught:
        split_parameters("plugin.name='hush")
    assert "hush" not in str(caught.value)
