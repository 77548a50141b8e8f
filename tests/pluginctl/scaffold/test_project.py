"""A whole `init`: what is written, kept, and can be planned."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import PipelineError
from flows.manifest import Manifest, look_up
from flows.manifest.lookup import EnvironmentFolder
from flows.resources import Target as ResourceTarget
from flows.resources import declared_resources
from flows.spaceone import Generation
from flows.steps.checking import check
from flows.steps.places import ENVIRONMENTS
from flows.steps.project import read_project
from pluginctl.scaffold.environment import Target
from pluginctl.scaffold.errors import InitRefused
from pluginctl.scaffold.workflow import workflow_file
from tests.pluginctl.scaffold.conftest import init, tree

ACME = Path(__file__).parents[2] / "fixtures/cases/01-managed-resource-layout/manifest"
PLUGIN = "name: Acme\nimage: team/plugin-acme\nservice_type: inventory.Collector\n"

#: Names that mean something to YAML, a shell, GitHub, a terminal or a file system.
HOSTILE = [
    *(
        "a: b",
        "- a",
        "'",
        '"',
        "#x",
        "{{x}}",
        "${{ secrets.TOKEN }}",
        "%x",
        "@x",
        "`id`",
        "$(id)",
        "; id",
        "&a",
        "*a",
    ),
    *(
        "NO",
        "012",
        "1e3",
        "null",
        "~",
        "true",
        "12:30",
        "2026-01-01",
        "!!python/object:os.system",
        "| x",
        "> x",
        "---",
    ),
    *(
        "x\ny: z",
        "x\x1b[2J",
        "\u202ex",
        "a\u2028b",
        "\x00",
        "\ud800",
        "x" * 10_000,
        "../x",
        "/etc/x",
        " x ",
        "",
    ),
    *("\ufeffx", "a\tb", "a\rb", "안녕", "x\u0085y", "\\", "a'b\"c", "...", "? x", "[", "]", "{}", "<<"),
]


def checked(root: Path):
    project = read_project(root)
    return check(project.source, project.manifest)


def refusal(root: Path, **options: str) -> str | None:
    """The error of an `init`; None if it succeeds."""
    try:
        init(root, **options)
    except PipelineError as error:
        return str(error)
    return None


def test_what_it_wrote_can_be_planned_in_both_generations(write):
    root = write()
    made = init(root)
    assert sorted(made.written) == [
        ".github/workflows/pluginctl.yaml",
        "deployments/environments/sandbox.yaml",
        "deployments/manifest/create_provider.yaml",
        "deployments/manifest/create_schema.yaml",
        "deployments/manifest/register_plugin.yaml",
        "deployments/project.yaml",
    ]
    found = checked(root)
    assert found.manifest.plugin.id == "plugin-acme-inven-collector"
    for generation in Generation:
        kinds = {
            each.kind for each in declared_resources(generation, found.manifest, ResourceTarget("0.1.0"))
        }
        assert {"schema", "provider", "plugin", "collector"} <= kinds
    assert made.next_commands[-1] == "pluginctl release sandbox --dry-run"


def test_a_second_call_writes_nothing_and_says_what_it_kept(write):
    root = write()
    init(root)
    before = tree(root)
    made = init(root, provider="another")
    assert (made.written, made.values) == (frozenset(), {})
    assert set(made.kept) == {
        "deployments/manifest",
        "deployments/environments/sandbox.yaml",
        ".github/workflows/pluginctl.yaml",
    }
    assert tree(root) == before


def test_a_dry_run_writes_nothing_and_shows_all(write):
    root = write()
    before = tree(root)
    made = init(root, dry_run=True)
    assert tree(root) == before
    assert made.written == {file.path for file in made.files}
    init(root)
    assert {path: text for path, text in tree(root).items() if path not in before} == {
        file.path: file.text.encode() for file in made.files
    }


def test_no_file_is_overwritten(write):
    mine = {
        "deployments/environments/sandbox.yaml": "description: mine\n",
        "deployments/manifest/create_schema.yaml": "name: mine\nschema: {}\n",
        ".github/workflows/pluginctl.yaml": "# mine\n",
    }
    root = write(mine)
    made = init(root)
    for path, text in mine.items():
        assert (root / path).read_text() == text
        assert path not in made.written


@pytest.mark.parametrize("name", ["ci.yml", "release.yaml"])
def test_a_workflow_of_another_name_that_runs_it_is_kept(write, name):
    root = write({f".github/workflows/{name}": "jobs: {x: {steps: [{run: pluginctl release prod}]}}\n"})
    made = init(root)
    assert f".github/workflows/{name}" in made.kept
    assert not (root / ".github/workflows/pluginctl.yaml").exists()


def test_other_workflows_do_not_matter(write):
    root = write({".github/workflows/ci.yml": "on: push\n"})
    assert ".github/workflows/pluginctl.yaml" in init(root).written


def test_a_manifest_that_is_there_is_used_as_it_is(write):
    files = {f"managed_resource/{file.relative_to(ACME)}": file.read_text() for file in ACME.rglob("*.yaml")}
    root = write(files)
    made = init(root)
    assert not [
        path for path in made.written if path.startswith(("managed_resource", "deployments/manifest"))
    ]
    assert read_project(root).manifest == root / "managed_resource"
    assert checked(root).manifest.provider_name == "rep-acme"


def test_what_a_manifest_lacks_is_added(write):
    root = write({"managed_resource/provider/acme.yaml": "provider: acme\nname: Acme\nicon: x\n"})
    made = init(root)
    assert "managed_resource/register_plugin.yaml" in made.written
    assert "managed_resource/create_provider.yaml" not in made.written
    assert checked(root).manifest.provider_name == "acme"


def test_a_plugin_of_the_tests_gets_the_provider_that_the_code_names(write):
    root = write({"test/spacectl/register_plugin.yaml": PLUGIN})
    made = init(root)
    assert made.values["provider"].text == "acme"
    found = checked(root).manifest
    assert (found.plugin.image, found.provider_name) == ("team/plugin-acme", "acme")
    assert read_project(root).manifest == root / "test/spacectl"


def test_a_provider_that_no_platform_ships_is_declared(write):
    root = write({"test/spacectl/register_plugin.yaml": f"{PLUGIN}provider: acme\n"})
    made = init(root)
    assert {"test/spacectl/create_provider.yaml", "test/spacectl/create_schema.yaml"} <= made.written
    assert any(
        "Where a platform has it from another plugin, remove the file" in each for each in made.remarks
    )
    assert init(root).written == frozenset()
    assert checked(root).manifest.provider is not None


def test_a_provider_of_the_platform_is_not_declared(write):
    root = write()
    made = init(root, provider="aws")
    assert [path for path in made.written if "manifest/" in path] == [
        "deployments/manifest/register_plugin.yaml"
    ]
    assert checked(root).manifest.provider is None


def test_old_files_of_the_tests_are_told_and_their_values_proposed(write):
    old = f"{PLUGIN}provider: gone\nlabels: [Compute]\nregistry_url: x\n"
    root = write({"test/spacectl/register_plugin.yaml": old})
    made = init(root)
    assert any(each.startswith("test/spacectl is not used:") for each in made.remarks)
    found = checked(root).manifest
    assert (found.plugin.name, found.plugin.image) == ("Acme", "team/plugin-acme")
    assert (found.plugin.provider, found.plugin.labels) == ("gone", ["Compute"])


def test_a_wrong_manifest_of_the_repository_is_an_error_and_nothing_is_written(write):
    root = write({"managed_resource/plugin/collector.yaml": PLUGIN.replace("team", "YOUR_TEAM")})
    before = tree(root)
    with pytest.raises(PipelineError, match=r"collector\.yaml:2.*Mend managed_resource"):
        init(root)
    assert tree(root) == before
    init(root, manifest="deployments/manifest")
    assert checked(root).manifest.plugin.image == "plugin-acme-inven-collector"


def test_another_kind_of_plugin_has_neither_provider_nor_schema(write):
    root = write(folder="plugin-acme-mon-webhook")
    made = init(root, dry_run=True)
    [plugin] = [
        yaml.safe_load(file.text) for file in made.files if file.path.endswith("register_plugin.yaml")
    ]
    assert plugin["resource_type"] == "monitoring.Webhook"
    assert not [
        file for file in made.files if file.path.endswith(("create_provider.yaml", "create_schema.yaml"))
    ]


def test_the_source_may_be_below(write):
    root = write()
    top = root.parent / "top"
    top.mkdir()
    root.rename(top / "collector")
    init(top)
    assert read_project(top).source == top / "collector"
    assert checked(top).source.version == "0.1.0"


def test_of_several_sources_one_is_named(write):
    root = write()
    other = write(folder="plugin-acme-inven-collector/second")
    (root / "Dockerfile").unlink()
    first = write(folder="plugin-acme-inven-collector/first")
    with pytest.raises(InitRefused, match="first, second.*--source"):
        init(root)
    init(root, source="second")
    assert read_project(root).source == other
    assert first.exists()


@pytest.mark.parametrize("what", ["source", "manifest"])
@pytest.mark.parametrize("path", ["..", "/etc", "link", "a/../../x", "", "\0"])
def test_a_folder_elsewhere_is_refused(write, tmp_path, what, path):
    root = write()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(PipelineError):
        init(root, **{what: path})


def test_a_project_file_is_not_contradicted(write):
    root = write()
    init(root)
    before = tree(root)
    for options in ({"manifest": "other"}, {"source": "src"}):
        with pytest.raises(InitRefused, match=r"deployments/project\.yaml names"):
            init(root, **options)
    assert tree(root) == before
    init(root, source=".", manifest="deployments/manifest")


def test_the_code_of_another_folder_is_not_read(write, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.py").write_text('PROVIDER = "stranger"')
    root = write()
    (root / "src/plugin/main.py").unlink()
    (root / "src/link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InitRefused, match="provider cannot be told"):
        init(root)


@pytest.mark.parametrize("name", ["a\x1bb", "a\nb", "\u202e", b"\xff".decode("utf-8", "surrogateescape")])
def test_a_source_whose_name_cannot_be_shown_is_not_found(write, name):
    root = write()
    (root / "Dockerfile").unlink()
    write(folder=f"plugin-acme-inven-collector/{name}")
    with pytest.raises(PipelineError, match="Dockerfile"):
        init(root)
    with pytest.raises(InitRefused, match="The source is not a folder below"):
        init(root, source=name)


@pytest.mark.parametrize("folder", ["deployments", "deployments/manifest", ".github", ".github/workflows"])
def test_nothing_is_written_through_a_link(write, tmp_path, folder):
    root = write()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / folder).parent.mkdir(parents=True, exist_ok=True)
    (root / folder).symlink_to(elsewhere)
    with pytest.raises(PipelineError):
        init(root)
    assert list(elsewhere.iterdir()) == []


def test_an_environment_of_ones_own_gets_endpoints_and_no_token(write, tmp_path):
    spacectl = tmp_path / "prod.yml"
    spacectl.write_text(
        "endpoints: {identity: 'grpc+ssl://identity.example.com:443'}\ntoken: very-secret-token\n"
    )
    root = write()
    made = init(
        root,
        environment="prod",
        spacectl=str(spacectl),
        registry="harbor.example.com",
        registry_type="HARBOR",
    )
    assert "very-secret-token" not in str(tree(root))
    settings = look_up("prod", (EnvironmentFolder(root / ENVIRONMENTS),)).settings
    assert settings.endpoints == {"identity": "grpc+ssl://identity.example.com:443"}
    assert (settings.registry.address, settings.registry.type) == ("harbor.example.com", "HARBOR")
    assert any("PLUGINCTL_TOKEN" in each for each in made.remarks)
    with pytest.raises(InitRefused, match="--spacectl"):
        init(root, environment="stage")
    with pytest.raises(InitRefused, match="HARBOR"):
        init(root, environment="stage", spacectl=str(spacectl), registry_type="HARBOUR")


def test_the_one_environment_that_is_there_is_the_target(write):
    root = write({f"{ENVIRONMENTS}/prod.yaml": "{}", f"{ENVIRONMENTS}/sandbox.yaml": "{}"})
    made = init(root)
    assert f"{ENVIRONMENTS}/prod.yaml" in made.kept
    assert made.next_commands[-1] == "pluginctl release prod --dry-run"


def test_what_the_dockerfile_copies_along_is_told(write):
    root = write({"Dockerfile": "FROM scratch\nCOPY . /x\n"})
    assert any(".dockerignore" in each for each in init(root).remarks)


@pytest.mark.parametrize("field", ["name", "image", "provider", "kind"])
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_refused_or_written_as_it_is(write, field, value):
    root = write()
    before = tree(root)
    refused = refusal(root, **{field: value})
    if refused is not None:
        assert refused.isprintable()
        assert tree(root) == before
        return
    manifest = Manifest.load(root / "deployments/manifest")
    held = {
        "name": manifest.plugin.name,
        "image": manifest.plugin.image,
        "provider": manifest.provider_name,
        "kind": manifest.plugin.resource_type,
    }
    assert held[field] == value
    assert value not in (root / ".github/workflows/pluginctl.yaml").read_text() or len(value) < 5


@pytest.mark.parametrize(
    "value", [*HOSTILE, "prod env", "Prod", "a.yaml", "-x", "prod;id", "a/b", "x$y", "..", "a..b"]
)
def test_a_hostile_environment_is_refused(write, value):
    root = write({f"{ENVIRONMENTS}/x.yaml": "{}"})
    before = tree(root)
    if value == "null" or value == "true":
        return  # a name like any other, which YAML quotes
    with pytest.raises(PipelineError):
        init(root, environment=value)
    assert tree(root) == before


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_any_name_is_refused_or_read_back(tmp_path_factory, text):
    root = tmp_path_factory.mktemp("any") / "plugin-x-collector"
    (root / "src").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM scratch\n")
    (root / "src/VERSION").write_text("1.0.0\n")
    if refusal(root, name=text, provider="acme"):
        return
    assert Manifest.load(root / "deployments/manifest").plugin.name == text


@pytest.mark.parametrize("value", [each for each in HOSTILE if "\ud800" not in each])
def test_hostile_texts_of_the_repository_come_into_no_workflow_and_no_message(write, value):
    setup = f"from setuptools import setup\nsetup(name={value!r}, version='0.1.0', description={value!r})\n"
    code = f"PROVIDER = 'acme'\nx = secret_data[{value!r}]\ny(provider={value!r})\n"
    old = yaml.safe_dump(
        {"name": value, "image": value, "provider": value, "service_type": value, "labels": [value]}
    )
    files = {"src/setup.py": setup, "src/plugin/code.py": code, "test/spacectl/register_plugin.yaml": old}
    root = write(files)
    made = init(root, name="Acme", image="team/acme", provider="acme", kind="inventory.Collector")
    workflow = (root / ".github/workflows/pluginctl.yaml").read_text()
    assert workflow == workflow_file(Target("sandbox", "2.x"), "1.2.3", publish_only=True).text
    assert all(each.isprintable() for each in made.remarks)
    assert checked(root).manifest.plugin.name in {"Acme", value}
