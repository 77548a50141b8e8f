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
        "spacectl: conf/base.yml\nregistry: {address: a, insecure: true}\nworkspace: {spacectl: conf/w.yml}\n",
    )
    write(tmp_path, "top", "extends: below/base.yaml\nregistry: {address: b}\n")
    settings = load_environment("top", tmp_path).settings
    assert settings.spacectl == str(below / "conf/base.yml")
    assert settings.workspace.spacectl == str(below / "conf/w.yml")
    assert (settings.registry.address, settings.registry.insecure) == ("b", True)


def test_variables(tmp_path, monkeypatch):
    write(
        tmp_path,
        "a",
        "registry: {address: '${REGISTRY_HOST}:5000'}\ndescription: ${NOT_SET_AT_ALL:-nothing}\n",
    )
    monkeypatch.setenv("REGISTRY_HOST", "host")
    settings = load_environment("a", tmp_path).settings
    assert (settings.registry.address, settings.description) == ("host:5000", "nothing")
    monkeypatch.delenv("REGISTRY_HOST")
    with pytest.raises(InvalidField, match="REGISTRY_HOST"):
        load_environment("a", tmp_path)


def test_an_unknown_environment_names_the_known_ones(tmp_path):
    write(tmp_path, "one", "{}")
    write(tmp_path, "two", "{}")
    with pytest.raises(FileMissing, match=r"'three'.*one, two"):
        load_environment("three", tmp_path)


def test_variables_may_come_from_elsewhere(tmp_path, monkeypatch):
    write(tmp_path, "a", "spacectl: ${HOST_OF_THE_TEST}\ndescription: ${NOT_SET_AT_ALL:-nothing}\n")
    monkeypatch.setenv("HOST_OF_THE_TEST", "process")
    settings = load_environment("a", tmp_path, {"HOST_OF_THE_TEST": "given"}.get).settings
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
