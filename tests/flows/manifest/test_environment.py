import pytest

from flows.manifest import FileMissing, InvalidField, NotYaml, load_environment


def write(folder, name, text):
    (folder / f"{name}.yaml").write_text(text)


def test_reads_a_file(tmp_path):
    write(tmp_path, "prod", "spacectl: prod\nregistry: {address: registry.example.com, type: HARBOR}\n")
    found = load_environment("prod", tmp_path)
    assert (found.name, found.settings.spacectl, found.settings.registry.type) == ("prod", "prod", "HARBOR")


def test_extends_and_paths_are_the_files_own(tmp_path):
    below = tmp_path / "below"
    below.mkdir()
    write(
        below,
        "base",
        "spacectl: conf/base.yml\nregistry: {address: a, insecure: tls}\nworkspace: {spacectl: conf/w.yml}\n",
    )
    write(tmp_path, "top", "extends: below/base.yaml\nregistry: {address: b}\n")
    settings = load_environment("top", tmp_path).settings
    assert settings.spacectl == str(below / "conf/base.yml")
    assert settings.workspace.spacectl == str(below / "conf/w.yml")
    assert (settings.registry.address, settings.registry.insecure) == ("b", "tls")


def test_variables(tmp_path, monkeypatch):
    write(
        tmp_path,
        "a",
        "registry: {address: '${PLUGINCTL_REGISTRY}:5000'}\ndescription: ${PLUGINCTL_NOT_SET:-nothing}\n",
    )
    monkeypatch.setenv("PLUGINCTL_REGISTRY", "host")
    settings = load_environment("a", tmp_path).settings
    assert (settings.registry.address, settings.description) == ("host:5000", "nothing")
    monkeypatch.delenv("PLUGINCTL_REGISTRY")
    with pytest.raises(InvalidField, match="PLUGINCTL_REGISTRY"):
        load_environment("a", tmp_path)


def test_an_unknown_environment_names_the_known_ones(tmp_path):
    write(tmp_path, "one", "{}")
    write(tmp_path, "two", "{}")
    with pytest.raises(FileMissing, match=r"'three'.*one, two"):
        load_environment("three", tmp_path)


def test_variables_may_come_from_elsewhere(tmp_path, monkeypatch):
    write(tmp_path, "a", "spacectl: ${PLUGINCTL_HOST}\ndescription: ${PLUGINCTL_NOT_SET:-nothing}\n")
    monkeypatch.setenv("PLUGINCTL_HOST", "process")
    settings = load_environment("a", tmp_path, {"PLUGINCTL_HOST": "given"}.get).settings
    assert (settings.spacectl, settings.description) == ("given", "nothing")


def test_advice_is_given_where_the_extended_file_is_missing(tmp_path):
    write(tmp_path, "local", "extends: home/2.x/environment.yaml\nadvice: Start the [platform]")
    write(tmp_path, "above", "extends: local.yaml\nadvice: Not this")
    for name in ("local", "above"):
        with pytest.raises(FileMissing, match=r"local\.yaml extends .*2\.x/environment\.yaml") as caught:
            load_environment(name, tmp_path)
        assert caught.value.advice == "Start the [platform]"


def test_a_missing_file_needs_no_advice(tmp_path):
    write(tmp_path, "a", "extends: .sandbox/2.x/environment.yaml")
    with pytest.raises(FileMissing) as caught:
        load_environment("a", tmp_path)
    assert caught.value.advice == ""


def test_advice_is_no_setting_of_what_is_merged(tmp_path):
    write(tmp_path, "base", "advice: Of the base")
    write(tmp_path, "top", "extends: base.yaml\nadvice: Of the top")
    assert load_environment("top", tmp_path).settings.extends is None


@pytest.mark.parametrize("generation", ["2.x", "1.12"])
def test_a_sandbox_that_was_never_started(checkout, monkeypatch, tmp_path, generation):
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(tmp_path))
    name = {"2.x": "sandbox", "1.12": "sandbox-1.12"}[generation]
    with pytest.raises(FileMissing, match=f"pluginctl sandbox up --generation {generation}"):
        load_environment(name, checkout / "deployments/environments")


def test_an_environment_that_extends_itself(tmp_path):
    write(tmp_path, "a", "extends: b.yaml")
    write(tmp_path, "b", "extends: a.yaml")
    with pytest.raises(InvalidField, match="extends itself"):
        load_environment("a", tmp_path)


def test_an_unknown_field_and_broken_yaml(tmp_path):
    write(tmp_path, "a", "registry: {adress: x}")
    with pytest.raises(InvalidField, match="registry.adress"):
        load_environment("a", tmp_path)
    write(tmp_path, "b", "registry: {")
    with pytest.raises(NotYaml, match="b.yaml"):
        load_environment("b", tmp_path)


@pytest.mark.parametrize(
    "field",
    [
        "registry: {address: '${NAME}.attacker.example:5000'}",
        "endpoints: {identity: 'grpc://${NAME}'}",
        "plugin_options: {a: {currency: '${NAME}'}}",
        "plugin_options: {a: {deep: [{er: 'x${NAME:-other}y'}]}}",
        "build: {args: {BASE_IMAGE: '${NAME}'}}",
        "extends: ${NAME}.yaml",
        "spacectl: ${NAME}",
        "description: ${NAME}",
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        *("AWS_SECRET_ACCESS_KEY", "HOME", "PATH", "GITHUB_TOKEN", "pluginctl_lower", "XPLUGINCTL_A"),
        *("PLUGINCTL_TOKEN", "PLUGINCTL_PROD_PASSWORD", "PLUGINCTL_SIGNING_KEY", "PLUGINCTL_LOGIN"),
    ],
)
def test_no_secret_of_the_process_is_taken_into_a_value(tmp_path, monkeypatch, field, name):
    monkeypatch.setenv(name, "planted-secret-4711")
    write(tmp_path, "a", f"{field.replace('NAME', name)}\ntoken_variable: PLUGINCTL_LOGIN\n")
    with pytest.raises(InvalidField, match=name) as caught:
        load_environment("a", tmp_path)
    assert "planted" not in str(caught.value)


def test_a_variable_that_another_file_of_the_chain_names_as_a_login(tmp_path, monkeypatch):
    monkeypatch.setenv("PLUGINCTL_LOGIN", "planted-secret-4711")
    write(tmp_path, "base", "registry: {username_variable: PLUGINCTL_LOGIN}")
    write(tmp_path, "top", "extends: base.yaml\ndescription: ${PLUGINCTL_LOGIN}")
    with pytest.raises(InvalidField, match="holds a secret"):
        load_environment("top", tmp_path)


class TestFilesOfOthers:
    """A project's environments may come from a pull request."""

    @pytest.fixture
    def environments(self, tmp_path):
        folder = tmp_path / "project" / "deployments" / "environments"
        folder.mkdir(parents=True)
        (tmp_path / "secret.yaml").write_text("root:*:20228: planted-secret-4711\n")
        return folder

    @pytest.mark.parametrize(
        "path",
        ["../../../secret.yaml", "{outside}", "/etc/shadow", "/proc/self/environ", "../../../../{outside}"],
    )
    def test_a_file_outside_of_the_project_is_not_extended(self, environments, tmp_path, path):
        write(environments, "a", f"extends: {path.format(outside=tmp_path / 'secret.yaml')}")
        with pytest.raises((InvalidField, FileMissing)) as caught:
            load_environment("a", environments)
        assert "planted" not in str(caught.value)

    def test_a_file_of_the_project_is(self, environments, tmp_path):
        (tmp_path / "project" / "base.yaml").write_text("description: of the project")
        write(environments, "a", "extends: ../../base.yaml")
        assert load_environment("a", environments).settings.description == "of the project"

    @pytest.mark.parametrize("target", ["../../../secret.yaml", "/etc/passwd", "/dev/zero"])
    def test_a_link_that_leads_out_of_the_project_is_not_read(self, environments, target):
        (environments / "a.yaml").symlink_to(target)
        with pytest.raises((NotYaml, FileMissing)) as caught:
            load_environment("a", environments)
        assert "planted" not in str(caught.value)

    def test_below_a_folder_of_a_variable(self, environments, tmp_path, monkeypatch):
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "base.yaml").write_text("description: of the home")
        monkeypatch.setenv("PLUGINCTL_HOME_OF_THIS", str(tmp_path / "home"))
        write(environments, "a", "extends: ${PLUGINCTL_HOME_OF_THIS}/base.yaml")
        assert load_environment("a", environments).settings.description == "of the home"
        write(environments, "a", "extends: ${PLUGINCTL_HOME_OF_THIS}/../secret.yaml")
        with pytest.raises(InvalidField, match="is not below"):
            load_environment("a", environments)

    def test_a_path_is_the_users_own(self, environments, tmp_path):
        (tmp_path / "base.yaml").write_text("description: anywhere")
        write(tmp_path, "mine", "extends: base.yaml")
        write(environments, "a", f"extends: {tmp_path / 'base.yaml'}")
        assert load_environment(str(tmp_path / "mine.yaml"), environments).settings.description == "anywhere"
        assert load_environment(str(environments / "a.yaml"), environments).settings.description == "anywhere"

    @pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "", ".."])
    def test_a_name_that_cannot_be_one(self, environments, name):
        with pytest.raises(FileMissing) as caught:
            load_environment(name, environments)
        assert len(str(caught.value)) < 400

    def test_a_field_that_looks_like_none_is_not_quoted(self, environments, tmp_path):
        with pytest.raises(InvalidField) as caught:
            load_environment(str(tmp_path / "secret.yaml"), environments)
        assert "20228" not in str(caught.value)


def test_a_path_that_does_not_exist_is_not_looked_for_in_the_folder(tmp_path):
    with pytest.raises(FileMissing, match=r"There is no environment '\./none\.yaml'\."):
        load_environment("./none.yaml", tmp_path)


@pytest.mark.parametrize("value", ["true", "'yes'", "https", "[tls]"])
def test_what_is_insecure_is_said(tmp_path, value):
    write(tmp_path, "a", f"registry: {{insecure: {value}}}")
    with pytest.raises(InvalidField, match=r"a\.yaml:1: .*registry\.insecure.*'?http'? .*tls"):
        load_environment("a", tmp_path)


@pytest.mark.parametrize(
    ("value", "read"), [("false", None), ("null", None), ("http", "http"), ("tls", "tls")]
)
def test_what_is_insecure(tmp_path, value, read):
    write(tmp_path, "a", f"registry: {{insecure: {value}}}")
    assert load_environment("a", tmp_path).settings.registry.insecure == read


def test_each_field_has_the_level_of_its_file(tmp_path):
    write(
        tmp_path,
        "base",
        "endpoints: {a: grpc://localhost, b: grpc://localhost}\ntoken_variable: X\ntimeout: 5",
    )
    write(tmp_path, "top", "extends: base.yaml\nendpoints: {b: grpc://localhost:1}\ntimeout: 6")
    levels = load_environment("top", tmp_path).levels
    assert [levels[name] for name in ("endpoints.a", "endpoints.b", "token_variable", "timeout")] == [
        1,
        0,
        1,
        0,
    ]


def test_signing_names_a_variable_and_a_file_beside_this_one(tmp_path):
    write(tmp_path, "a", "signing: {key_variable: PLUGINCTL_SIGNING_KEY, public_key: keys/a.pub}\n")
    settings = load_environment("a", tmp_path).settings
    assert settings.attestations
    assert settings.signing.key_variable == "PLUGINCTL_SIGNING_KEY"
    assert settings.signing.public_key == str(tmp_path / "keys/a.pub")


@pytest.mark.parametrize("name", ["SPACEONE_TOKEN", "pluginctl_key", "PLUGINCTL_", "PLUGINCTL_A-B"])
def test_a_key_is_only_in_a_variable_of_ours(tmp_path, name):
    write(tmp_path, "a", f"signing: {{key_variable: {name}}}\n")
    with pytest.raises(InvalidField, match="signing.key_variable"):
        load_environment("a", tmp_path)


BASE = """
plugin_options:
  plugin-a: {base_url: http://prices, currency: eur}
  plugin-b: {currency: usd}
"""


@pytest.mark.parametrize(
    ("own", "options"),
    [
        (
            "{}",
            {"plugin-a": {"base_url": "http://prices", "currency": "eur"}, "plugin-b": {"currency": "usd"}},
        ),
        ("{plugin-a: {base_url: null}}", {"plugin-a": {"currency": "eur"}, "plugin-b": {"currency": "usd"}}),
        (
            "{plugin-a: {base_url: http://x}, plugin-b: null}",
            {"plugin-a": {"base_url": "http://x", "currency": "eur"}},
        ),
        ("null", {}),
    ],
)
def test_options_belong_to_a_plugin_and_can_be_taken_away(tmp_path, own, options):
    write(tmp_path, "base", BASE)
    write(tmp_path, "a", f"extends: base.yaml\nplugin_options: {own}\n")
    settings = load_environment("a", tmp_path).settings
    assert {name: value for name, value in settings.plugin_options.items() if value} == options
    assert settings.options_of({"plugin-c"}) == {}
    assert settings.options_of({"plugin-a", "plugin-c"}) == options.get("plugin-a", {})


def test_an_option_of_no_plugin_is_refused(tmp_path):
    write(tmp_path, "a", "plugin_options: {base_url: http://prices}")
    with pytest.raises(InvalidField, match=r"a.yaml:1: .*write \{PLUGIN_ID: \{'base_url': …\}\}"):
        load_environment("a", tmp_path)


def test_platforms_of_a_build(tmp_path):
    write(tmp_path, "prod", "build: {platforms: [linux/amd64, linux/arm64/v8, linux/arm/v7]}\n")
    found = load_environment("prod", tmp_path).settings.build.platforms
    assert found == ["linux/amd64", "linux/arm64", "linux/arm/v7"]


@pytest.mark.parametrize(
    ("platforms", "words"),
    [
        ("[amd64]", "'amd64' is no platform: write one such as linux/amd64"),
        ("[windows/amd64]", "'windows/amd64' is no platform"),
        ("[linux/amd64, linux/amd64]", "named twice"),
        ("[linux/arm64, linux/arm64/v8]", "named twice"),
    ],
)
def test_a_platform_that_is_none_is_refused(tmp_path, platforms, words):
    write(tmp_path, "prod", f"build: {{platforms: {platforms}}}\n")
    with pytest.raises(InvalidField, match=words):
        load_environment("prod", tmp_path)
