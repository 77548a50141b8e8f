from pathlib import Path

import pytest

from flows.manifest import Collector, Plugin, Provider, Repository, Schema, ServiceAccount, UnknownKind
from flows.manifest.kinds import by_kind, kinds_named
from flows.manifest.models import KINDS
from flows.manifest.reading import read_parts


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("create_provider", [Provider]),
        ("01-portfolio-providers", [Provider]),
        ("repositories", [Repository]),
        ("01-service-account", [ServiceAccount]),
        ("ServiceAccount", [ServiceAccount]),
        ("serviceaccounts", [ServiceAccount]),
        ("create_service_account_schema", [Schema, ServiceAccount]),
        ("plugin-portfolio-inven-collector", [Plugin, Collector]),
        ("repository.Plugin", [Repository, Plugin]),
        ("account", []),
        ("pluginsettings", []),
        ("01", []),
    ],
)
def test_kinds_are_words_of_a_name(name, kinds):
    assert kinds_named(name) == kinds


@pytest.fixture
def tell(tmp_path):
    """The kind of a document under a name."""

    def tell(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (part,) = read_parts(path)
        (kind,) = [kind for kind, parts in by_kind([(part, Path(name))]).items() if parts]
        return kind

    return tell


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{repository_type: local, name: x}", Repository),
        ("{name: x, service_type: secret.credentials, schema: {}}", Schema),
        ("{name: x, schema_id: x, schema: {}}", Schema),
        ("{provider: x, name: x, icon: x}", Provider),
        ("{provider: x, name: x, template: {}}", Provider),
        ("{provider: x, name: x, data: {}, project: x}", ServiceAccount),
        ("{name: x, image: a/b}", Plugin),
        ("{name: x, plugin_info: {plugin_id: x}}", Collector),
        ("{name: x, provider: x, plugin_info: {}, resource_group: DOMAIN}", Collector),
        ("{name: x, schema: {}, colour: red}", Schema),
    ],
)
def test_fields_tell_the_kind_where_no_name_does(tell, text, kind):
    assert tell("01.yaml", text) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("provider.yaml", Provider),
        ("collector/01.yaml", Collector),
        ("collector/provider.yaml", Collector),
        ("collector/a/provider.yaml", Collector),
        ("plugin/collector.yaml", Collector),  # a plugin has an image
    ],
)
def test_names_decide_what_the_fields_leave_open_and_a_folders_name_is_stronger(tell, name, kind):
    assert tell(name, "{name: x, provider: x, plugin_info: {}}") is kind


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("plugin/collector.yaml", "{name: x, image: a/b}", Plugin),
        ("collector/acme.yaml", "{name: x, image: a/b, provider: x, labels: []}", Plugin),
        ("schema/acme_service_account.yaml", "{name: x, schema: {}}", Schema),
        ("create_schema.yaml", "{name: x, image: a/b}", Plugin),
        ("provider/x_repository.yaml", "{name: x, provider: x, icon: x}", Provider),
    ],
)
def test_the_fields_are_stronger_than_names(tell, name, text, kind):
    assert tell(name, text) is kind


@pytest.mark.parametrize("folder", ["", "plugin/", "provider/a/"])
def test_fields_decide_between_the_words_of_a_name(tell, folder):
    assert tell(f"{folder}service_account_schema.yaml", "{name: x, schema: {}}") is Schema
    assert tell(f"{folder}service_account_schema.yaml", "{name: x, provider: x, data: {}}") is ServiceAccount


@pytest.mark.parametrize("name", ["create_schema.yaml", "schema/01.yaml"])
def test_a_name_that_contradicts_the_only_field_of_a_kind(tell, name):
    words = rf"{name}:1: the name '(create_)?schema' says a schema, and only a plugin has the field 'image'.*"
    with pytest.raises(UnknownKind, match=words + "register_plugin.yaml"):
        tell(name, "image: a/b\n")


def test_a_missing_separator_is_suspected(tell):
    with pytest.raises(UnknownKind, match=r"01.yaml:1: .*'repository_type' and 'image'.*---"):
        tell("01.yaml", "repository_type: local\nimage: x\n")


@pytest.mark.parametrize(
    ("text", "could_be"),
    [
        ("{name: x, provider: x, plugin_info: {plugin_id: x}}", "a provider or a collector"),
        ("{name: x}", "a repository or a collector"),
        ("{name: x, provider: x, colour: red}", "a repository or a provider or a collector"),
    ],
)
def test_what_cannot_be_told_says_what_it_could_be_and_how_to_name_it(tell, text, could_be):
    with pytest.raises(UnknownKind, match=rf"01.yaml:1: .*{could_be}\..*create_collector.yaml"):
        tell("01.yaml", text)


@pytest.mark.parametrize("text", ["{version: 3, services: {}}", "{}"])
def test_a_document_of_no_kind(tell, text):
    with pytest.raises(UnknownKind, match="01.yaml:1: .*no kind of document of a manifest"):
        tell("01.yaml", text)


@pytest.mark.parametrize("kind", KINDS)
def test_the_usual_name_of_a_kind_tells_it(kind):
    assert kinds_named(Path(kind.file_name()).stem) == [kind]


def test_the_others_settle_what_a_document_leaves_open(tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(
        "---\n{name: x, provider: x, plugin_info: {}}\n---\n{name: x, provider: x, icon: x}\n"
        "---\n{name: x, repository_type: local}\n"
    )
    parts = read_parts(path)
    found = by_kind([(part, Path("all.yaml")) for part in parts])
    assert (found[Collector], found[Provider], found[Repository]) == ([parts[0]], [parts[1]], [parts[2]])


def test_the_others_settle_nothing_where_every_place_is_taken(tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(
        "---\n{name: x, provider: x, plugin_info: {}}\n---\n{name: x, provider: x, icon: x}\n"
        "---\n{name: x, resource_group: DOMAIN}\n"
    )
    with pytest.raises(UnknownKind, match="all.yaml:2: .*a provider or a collector"):
        by_kind([(part, Path("all.yaml")) for part in read_parts(path)])
