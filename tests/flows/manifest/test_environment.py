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


def test_a_sandbox_that_is_not_there(tmp_path):
    write(tmp_path, "sandbox", "extends: .sandbox/2.x/environment.yaml")
    with pytest.raises(FileMissing, match="pluginctl sandbox up --generation 2.x"):
        load_environment("sandbox", tmp_path)


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
