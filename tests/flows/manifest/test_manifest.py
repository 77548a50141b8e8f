import pytest

from flows.manifest import FILES, FileMissing, InvalidField, Manifest, ManifestError, NotYaml


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_portfolio(checkout):
    manifest = Manifest.load(checkout / "deployments/portfolio")
    assert manifest.plugin.id == "plugin-portfolio-inven-collector"
    assert manifest.plugin.type == "inventory.Collector"
    assert manifest.schema.id == "portfolio_investment_schema"
    assert manifest.provider.provider == "portfolio"
    assert manifest.collector.plugin_info.upgrade_mode == "MANUAL"
    help_texts = manifest.provider.metadata["view"]["layouts"]["help:service_account:create"]["options"][
        "markdown"
    ]
    assert set(help_texts) == {"en", "ko"}


@pytest.mark.parametrize("name", FILES.values())
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileMissing, match=name):
        Manifest.load(folder)


@pytest.mark.parametrize("name", FILES.values())
def test_an_unknown_field_is_named_with_its_line(folder, name):
    path = folder / name
    path.write_text(path.read_text() + "colour: red\n")
    line = path.read_text().splitlines().index("colour: red") + 1
    with pytest.raises(InvalidField, match=f"{name}:{line}: unknown field 'colour'"):
        Manifest.load(folder)


@pytest.mark.parametrize("name", FILES.values())
@pytest.mark.parametrize("text", ["name: [", "name: a\n  b: c\n", "a: b: c"])
def test_broken_yaml_is_named_with_its_line(folder, name, text):
    (folder / name).write_text(text)
    with pytest.raises(NotYaml, match=rf"{name}:\d+ is not YAML"):
        Manifest.load(folder)


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n"])
def test_a_file_without_a_mapping(folder, text):
    (folder / "create_schema.yaml").write_text(text)
    with pytest.raises(NotYaml, match="one mapping"):
        Manifest.load(folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("register_plugin.yaml", "quasarhub/plugin", "quasarhub/Plugin", "capital letters"),
        ("register_plugin.yaml", "-inven-collector\n", "-inven-collector:0.1.0\n", "src/VERSION"),
        (
            "register_plugin.yaml",
            "-inven-collector\n",
            "-inven-collector-for-a-name-that-is-long\n",
            "at most 48",
        ),
        ("register_plugin.yaml", "service_type: inventory.Collector\n", "", "service_type"),
        ("register_plugin.yaml", "name: Portfolio Collector\n", "", "'name' is missing"),
        ("register_plugin.yaml", "provider: portfolio\n", "provider: folio\n", "'folio'"),
        ("register_repository.yaml", "local", "managed", "local"),
        ("create_collector.yaml", "plugin_id: plugin-portfolio", "plugin_id: plugin-folio", "plugin-folio"),
        ("create_collector.yaml", "plugin_info:\n", "plugin_info:\n  upgrade_mode: AUTO\n", "MANUAL"),
        (
            "create_collector.yaml",
            "plugin_info:\n",
            "plugin_info:\n  version: 1.0.0\n",
            "plugin_info.version",
        ),
        ("create_service_account.yaml", "secret_schema_id: portfolio", "secret_schema_id: folio", "creates"),
        (
            "create_service_account.yaml",
            "secret_schema_id: portfolio_investment_schema\n",
            "",
            "secret_schema_id",
        ),
    ],
)
def test_what_the_platform_would_refuse_is_refused_here(folder, name, old, new, words):
    replace(folder / name, old, new)
    with pytest.raises(ManifestError, match=words) as caught:
        Manifest.load(folder)
    assert name in str(caught.value)


def test_all_faults_of_a_file_at_once(folder):
    path = folder / "register_plugin.yaml"
    path.write_text(path.read_text() + "one: 1\ntwo: 2\n")
    with pytest.raises(InvalidField, match=r"'one'[\s\S]*'two'"):
        Manifest.load(folder)


def test_no_folder(tmp_path):
    with pytest.raises(FileMissing, match="register_plugin.yaml"):
        Manifest.load(tmp_path / "none")


@pytest.mark.parametrize("value", ["*hush", "!hush secret"])
def test_a_secret_that_yaml_takes_for_an_alias_or_a_tag_is_not_shown(folder, value):
    replace(folder / "create_service_account.yaml", "type: cryptocurrency", f"type: {value}")
    with pytest.raises(NotYaml, match=r"create_service_account.yaml:\d+ is not YAML.*quote") as caught:
        Manifest.load(folder)
    assert "hush" not in str(caught.value)


def test_a_date_that_does_not_exist(folder):
    replace(folder / "create_service_account.yaml", "amount: cryptocurrency", "amount: 2030-13-01")
    with pytest.raises(NotYaml, match=r"create_service_account.yaml holds a date"):
        Manifest.load(folder)


def test_the_secret_is_not_in_the_repr(folder):
    assert "investment_type" not in repr(Manifest.load(folder).service_account)
