import os
import re

import pytest

from flows.manifest import DeclaredTwice, FileMissing, InvalidField, Manifest, ManifestError, NotYaml
from flows.manifest.manifest import MAX_FILES

FILES = [
    "create_schema.yaml",
    "create_provider.yaml",
    "create_service_account.yaml",
    "register_plugin.yaml",
    "register_repository.yaml",
    "create_collector.yaml",
]


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_portfolio(checkout):
    manifest = Manifest.load(checkout / "deployments/portfolio")
    assert manifest.plugin.id == "plugin-portfolio-inven-collector"
    assert manifest.plugin.plugin_kind().type == "inventory.Collector"
    assert [schema.id for schema in manifest.schemas] == ["portfolio_investment_schema"]
    assert manifest.provider.provider == "portfolio"
    assert manifest.collector.plugin_info.upgrade_mode == "MANUAL"
    help_texts = manifest.provider.metadata["view"]["layouts"]["help:service_account:create"]["options"][
        "markdown"
    ]
    assert set(help_texts) == {"en", "ko"}


def test_a_manifest_without_a_plugin_is_none(folder, tmp_path):
    for empty in (folder, tmp_path / "empty"):
        empty.mkdir(exist_ok=True)
        (empty / "register_plugin.yaml").unlink(missing_ok=True)
        with pytest.raises(FileMissing, match=r"declares no plugin: add register_plugin\.yaml"):
            Manifest.load(empty)


@pytest.mark.parametrize("name", FILES)
def test_an_unknown_field_is_named_with_its_line(folder, name):
    path = folder / name
    path.write_text(path.read_text() + "colour: red\n")
    line = path.read_text().splitlines().index("colour: red") + 1
    with pytest.raises(InvalidField, match=f"{name}:{line}: unknown field 'colour'"):
        Manifest.load(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("text", ["name: [", "name: a\n  b: c\n", "a: b: c"])
def test_broken_yaml_is_named_with_its_line(folder, name, text):
    (folder / name).write_text(text)
    with pytest.raises(NotYaml, match=rf"{name}:\d+ is not YAML"):
        Manifest.load(folder)


@pytest.mark.parametrize("text", ["- a\n", "just words\n", "---\nname: x\n---\n3\n"])
def test_a_document_that_is_no_mapping(folder, text):
    (folder / "create_schema.yaml").write_text(text)
    with pytest.raises(NotYaml, match="create_schema.yaml.* should contain one mapping"):
        Manifest.load(folder)


def test_a_file_without_a_document_declares_nothing(folder):
    (folder / "notes.yaml").write_text("# later\n---\n---\n")
    Manifest.load(folder)
    (folder / "register_plugin.yaml").write_text("")
    with pytest.raises(FileMissing, match="no plugin"):
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
            "create_service_account.yaml",
            "project:",
            "service_account_type: TRUSTED\nproject:",
            "'TRUSTED' cannot be used",
        ),
        (
            "create_collector.yaml",
            "plugin_info:\n",
            "plugin_info:\n  version: 1.0.0\n",
            "plugin_info.version",
        ),
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
    with pytest.raises(NotYaml, match=r"create_service_account.yaml:\d+ .*quote a value") as caught:
        Manifest.load(folder)
    assert "hush" not in str(caught.value)


def test_a_date_that_does_not_exist(folder):
    replace(folder / "create_service_account.yaml", "amount: cryptocurrency", "amount: 2030-13-01")
    with pytest.raises(NotYaml, match=r"create_service_account.yaml:\d+ has a value that is read as a date"):
        Manifest.load(folder)


def test_the_secret_is_not_in_the_repr(folder):
    assert "investment_type" not in repr(Manifest.load(folder).service_accounts)


def declarations(manifest):
    return (
        manifest.repository,
        *manifest.schemas,
        manifest.provider,
        *manifest.service_accounts,
        manifest.plugin,
        manifest.collector,
    )


def test_the_walkthroughs_own_files(checkout):
    folder = checkout / "tests/fixtures/walkthrough"
    manifest = Manifest.load(folder)
    assert {str(one.place) for one in declarations(manifest)} == {str(path) for path in folder.iterdir()}
    markdown = manifest.provider.metadata["view"]["layouts"]["help:service_account:create"]["options"]
    assert markdown["markdown"]["en"].startswith("# Getting Started with Portfolio\nEasily manage")
    assert "자산을 쉽게" in markdown["markdown"]["ko"]
    assert (manifest.plugin.registry_config, manifest.plugin.template) == ({}, {})
    assert manifest.schemas[0].definition["properties"]["investment_type"]["minLength"] == 4.0
    assert manifest.service_accounts[0].secret_type == "CREDENTIALS"


def test_a_manifest_of_2_x(checkout):
    folder = checkout / "tests/fixtures/native-2x"
    manifest = Manifest.load(folder)
    assert [schema.schema_type for schema in manifest.schemas] == ["SERVICE_ACCOUNT", "SECRET"]
    assert manifest.schemas[0].options["help"].keys() == {"en", "ko"}
    assert [str(schema.place) for schema in manifest.schemas] == [
        f"{folder}/schemas.yaml (document 1)",
        f"{folder}/schemas.yaml (document 2)",
    ]
    assert manifest.plugin.plugin_kind().type == "inventory.Collector"
    assert manifest.repository.place.default
    assert manifest.repository.name == "Local Repository"
    assert not manifest.collector.place.default


def test_everything_in_one_file_in_any_order(write, documents, checkout):
    usual = Manifest.load(checkout / "deployments/portfolio")
    folder = write({"all.yml": "".join(reversed(documents.values()))})
    found = Manifest.load(folder)
    assert [one.model_dump() for one in declarations(found)] == [
        one.model_dump() for one in declarations(usual)
    ]
    assert str(found.repository.place) == f"{folder}/all.yml (document 1)"


@pytest.mark.parametrize(
    "layout",
    [
        "{kind}.yaml",
        "create_{kind}.yml",
        "01-{kind}.YAML",
        "portfolio_{kind}.yaml",
        "{kind}/create.yaml",
        "01-{kind}/a/b.yaml",
    ],
)
def test_files_and_folders_as_people_name_them(write, documents, layout):
    folder = write({layout.format(kind=kind): text for kind, text in documents.items()})
    manifest = Manifest.load(folder)
    assert {type(one).kind for one in declarations(manifest)} == set(documents)
    assert not any(one.place.default for one in declarations(manifest))


def test_what_is_not_for_us_is_left_alone(write, documents):
    strange = "strange: [things\n"
    others = [".hidden.yaml", ".git/a.yaml", "README.yaml", "README.md", "notes.txt", "create_schema.yaml~"]
    folder = write(
        {f"{kind}.yaml": text for kind, text in documents.items()} | dict.fromkeys(others, strange)
    )
    assert Manifest.load(folder)


def test_a_link_to_the_folder_above_is_not_followed_and_another_one_inside_is(write, documents):
    folder = write({f"manifest/{kind}.yaml": text for kind, text in documents.items()}) / "manifest"
    (folder / "up").symlink_to(folder)
    (folder / ".shared").mkdir()
    (folder / "provider.yaml").rename(folder / ".shared" / "a.yaml")
    (folder / "provider").symlink_to(".shared")
    assert str(Manifest.load(folder).provider.place) == str(folder / "provider/a.yaml")


def test_a_link_that_leads_out_is_refused(folder, tmp_path):
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (folder / "create_provider.yaml").rename(stranger / "create_provider.yaml")
    (folder / "there").symlink_to(stranger)
    with pytest.raises(InvalidField, match="there is a link that leads out of the manifest"):
        Manifest.load(folder)
    (folder / "there").unlink()
    (folder / "create_provider.yaml").symlink_to(stranger / "create_provider.yaml")
    with pytest.raises(NotYaml, match="create_provider.yaml cannot be read: leads out of"):
        Manifest.load(folder)


@pytest.mark.parametrize("target", ["/dev/zero", "/proc/self/environ", "/etc/passwd"])
def test_no_file_of_the_machine_is_read(folder, target):
    (folder / "create_provider.yaml").unlink()
    (folder / "create_provider.yaml").symlink_to(target)
    with pytest.raises(NotYaml, match="cannot be read: leads out of"):
        Manifest.load(folder)


def test_a_pipe_is_no_file_of_a_manifest(folder):
    os.mkfifo(folder / "create_more.yaml")
    with pytest.raises(NotYaml, match="cannot be read: is a pipe"):
        Manifest.load(folder)


def test_folders_of_any_depth(folder, tmp_path):
    deep = folder
    for _ in range(150):
        deep = deep / "a"
        deep.mkdir()
    (folder / "create_provider.yaml").rename(deep / "create_provider.yaml")
    assert Manifest.load(folder).provider.provider


def test_a_folder_with_thousands_of_files_is_no_manifest(folder):
    for number in range(MAX_FILES):
        (folder / f"{number}.yaml").touch()
    with pytest.raises(FileMissing, match="more than 1000 YAML files"):
        Manifest.load(folder)


def test_a_default_collector_is_the_plugins(folder):
    (folder / "create_collector.yaml").unlink()
    manifest = Manifest.load(folder)
    assert manifest.collector.place.default
    assert str(manifest.collector.place) == f"{folder} (default)"
    assert manifest.collector.model_dump(exclude_defaults=True) == {
        "name": "Portfolio Collector",
        "provider": "portfolio",
    }


@pytest.mark.parametrize("kind", ["repository", "provider", "plugin", "collector"])
def test_a_second_one_names_both_places(folder, documents, kind):
    (folder / f"{kind}.yaml").write_text(documents[kind])
    with pytest.raises(DeclaredTwice, match=rf"_{kind}.yaml.*{kind}.yaml|{kind}.yaml.*_{kind}.yaml"):
        Manifest.load(folder)


@pytest.mark.parametrize(
    ("kind", "name"), [("schema", "portfolio_investment_schema"), ("service_account", "Investment")]
)
def test_two_of_one_name_are_refused_with_both_places(folder, documents, kind, name):
    path = folder / f"create_{kind}.yaml"
    path.write_text(documents[kind] + documents[kind])
    with pytest.raises(DeclaredTwice, match=rf"\(document 2\) and .*\(document 1\) both .* {name!r}"):
        Manifest.load(folder)


def test_several_schemas_and_accounts(folder, documents):
    (folder / "schema.yaml").write_text(documents["schema"].replace("portfolio_investment", "other"))
    (folder / "service_account.yaml").write_text(
        documents["service_account"]
        .replace("name: Investment", "name: Savings")
        .replace("portfolio_investment", "other")
    )
    manifest = Manifest.load(folder)
    assert [schema.id for schema in manifest.schemas] == ["portfolio_investment_schema", "other_schema"]
    assert [account.name for account in manifest.service_accounts] == ["Investment", "Savings"]


def test_an_accounts_schema_is_not_one_for_secrets(folder):
    path = folder / "create_schema.yaml"
    path.write_text(path.read_text() + "schema_type: SERVICE_ACCOUNT\n")
    with pytest.raises(
        InvalidField, match=r"service_account.yaml: .*create_schema.yaml declares .*SERVICE_ACCOUNT"
    ):
        Manifest.load(folder)


def test_a_fault_in_a_later_document_is_named_with_its_own_line(folder, documents):
    path = folder / "more.yaml"
    path.write_text(documents["repository"] + "---\n" + documents["schema"] + "colour: red\n")
    (folder / "register_repository.yaml").unlink()
    (folder / "create_schema.yaml").unlink()
    line = path.read_text().splitlines().index("colour: red") + 1
    with pytest.raises(InvalidField, match=f"more.yaml:{line}: unknown field 'colour'"):
        Manifest.load(folder)
    path.write_text(path.read_text().replace("colour: red\n", "").replace("name: Local Repository\n", ""))
    with pytest.raises(InvalidField, match=r"more.yaml \(document 1\): the field 'name' is missing"):
        Manifest.load(folder)


def test_the_fields_of_a_mapping_are_named_where_one_is_unknown(folder):
    path = folder / "create_collector.yaml"
    path.write_text(path.read_text() + "schedule:\n  hour: [1]\n")
    with pytest.raises(InvalidField, match=r"'schedule.hour'. The fields here are: hours, state."):
        Manifest.load(folder)


def test_a_copy_keeps_its_place(folder):
    plugin = Manifest.load(folder).plugin
    assert plugin.model_copy(update={"labels": []}).place == plugin.place


@pytest.mark.parametrize(
    "again", ["name: other\n", "tags: {a: {b: 1, b: 2}}\n", "options: {a: [{b: 1, b: 2}]}\n"]
)
def test_a_key_that_stands_twice_is_not_dropped_in_silence(folder, again):
    path = folder / "create_schema.yaml"
    path.write_text(path.read_text().partition("tags:")[0] + again)
    line = len(path.read_text().splitlines())
    with pytest.raises(NotYaml, match=rf"create_schema.yaml:{line} has the key '\w+' a second time.*---"):
        Manifest.load(folder)


def test_what_holds_itself(folder):
    path = folder / "create_schema.yaml"
    path.write_text(path.read_text() + "options: &a {b: *a}\n")
    with pytest.raises(NotYaml, match=r"create_schema.yaml:\d+ has a value that contains itself"):
        Manifest.load(folder)


@pytest.mark.parametrize("kind", ["schema", "service_account", "provider"])
def test_an_empty_name_is_no_trace(folder, kind):
    path = folder / f"create_{kind}.yaml"
    path.write_text(re.sub(r"^(name|provider): .*", r"\1: ''", path.read_text(), flags=re.MULTILINE))
    with pytest.raises(InvalidField):
        Manifest.load(folder)


def test_a_value_that_is_read_otherwise_than_it_looks_is_remarked(folder):
    path = folder / "create_collector.yaml"
    path.write_text(path.read_text() + "tags: {country: NO, price: 1e3, quoted: 'NO', plain: true}\n")
    line = len(path.read_text().splitlines())
    assert Manifest.load(folder).remarks == {
        str(path): (
            f"{path}:{line}: YAML reads NO as false: write false, or quote it.",
            f"{path}:{line}: YAML reads a number such as 1e3 as text: write 1000.0 if it is a number, or quote it.",
        )
    }


@pytest.mark.parametrize(
    ("value", "read_as"), [("NO", "true or false"), ("12", "a number"), ("1.5", "a number"), ("", "nothing")]
)
def test_what_yaml_reads_as_no_text_is_refused_where_a_text_is_wanted(folder, value, read_as):
    path = folder / "create_provider.yaml"
    path.write_text(
        "".join(
            f"name: {value}\n" if line.startswith("name:") else line
            for line in path.read_text().splitlines(keepends=True)
        )
    )
    with pytest.raises(
        InvalidField, match=rf"create_provider.yaml:\d+: .*'name' .* YAML reads .* as {read_as}: quote it"
    ):
        Manifest.load(folder)


def test_a_file_that_is_none_of_a_manifest_is_not_quoted(folder):
    (folder / "register_plugin.yaml").write_text("root:*:20228:0:99999:7::: x\n'two words': y\n")
    with pytest.raises(ManifestError) as caught:
        Manifest.load(folder)
    assert "20228" not in str(caught.value)
    assert "two words" not in str(caught.value)


@pytest.fixture
def cases(checkout):
    return checkout / "tests/fixtures/cases"


def test_the_layout_of_the_organisations_own_repositories(cases):
    manifest = Manifest.load(cases / "01-managed-resource-layout/manifest")
    assert [schema.id for schema in manifest.schemas] == ["rep-acme-access-key", "rep-acme-service-account"]
    assert manifest.provider_name == "rep-acme"
    assert manifest.plugin.labels[2] == "Managed Kubernetes(MKS)"
    assert manifest.service_accounts == ()


def test_a_plugin_alone_is_a_manifest_if_the_platform_has_the_rest(cases):
    manifest = Manifest.load(cases / "03-plugin-for-managed-provider/manifest")
    assert (manifest.provider, manifest.schemas, manifest.service_accounts) == (None, (), ())
    assert manifest.provider_name == manifest.collector.provider == "google_cloud"


def test_a_plugin_that_names_no_provider_does_not_do_alone(write):
    folder = write({"plugin.yaml": "{name: x, image: a/b, service_type: inventory.Collector}"})
    with pytest.raises(
        InvalidField, match=r"plugin.yaml: nothing names the provider: .*create_provider.yaml"
    ):
        Manifest.load(folder)


@pytest.mark.parametrize("kind", ["service_account", "schema", "collector"])
def test_providers_agree_also_without_their_own_document(folder, kind):
    (folder / "create_provider.yaml").unlink()
    assert Manifest.load(folder).provider_name == "portfolio"
    path = folder / f"create_{kind}.yaml"
    text = re.sub("^provider: .*\n", "", path.read_text(), flags=re.MULTILINE)
    path.write_text(f"{text}provider: folio\n")
    with pytest.raises(InvalidField, match="the provider is 'folio', but .*plugin.yaml names 'portfolio'"):
        Manifest.load(folder)


@pytest.mark.parametrize("form", ["manifest", "exec-file"])
def test_fields_that_the_environment_decides_are_ignored_with_a_remark(cases, form):
    folder = cases / "16-spacectl-task-with-domain-id" / form
    manifest = Manifest.load(folder)
    assert manifest.plugin.image == "rep/plugin-rep-base"
    if form == "exec-file":
        assert [re.sub(".*/", "", remark) for remark in manifest.remarks[str(manifest.plugin.place)]] == [
            "register_plugin.yaml:1: domain_id is ignored: the environment's token says which domain it is.",
            "register_plugin.yaml:2: repository_id is ignored: the environment's local repository is used.",
        ]


@pytest.mark.parametrize(
    "kind", ["schema", "provider", "service_account", "plugin", "collector", "repository"]
)
@pytest.mark.parametrize("name", ["domain_id", "workspace_id"])
def test_every_kind_may_have_them_and_they_do_not_tell_a_kind(write, documents, kind, name):
    texts = {f"{kind}.yaml": text for kind, text in documents.items()}
    texts[f"{kind}.yaml"] += f"{name}: x-0123\n"
    manifest = Manifest.load(write(texts))
    assert [remark for remarks in manifest.remarks.values() for remark in remarks if name in remark]


@pytest.mark.parametrize("kind", ["schema", "provider"])
def test_the_version_of_a_copied_file_of_the_platform_is_ignored(write, documents, kind):
    texts = {f"{kind}/{kind}.yaml": text for kind, text in documents.items()}
    texts[f"{kind}/{kind}.yaml"] += "version: '1.2'\n"
    (remarks,) = Manifest.load(write(texts)).remarks.values()
    assert "version is ignored" in remarks[0]


def test_all_faults_of_a_manifest_come_in_one_run(cases):
    with pytest.raises(ManifestError) as caught:
        Manifest.load(cases / "17-hci-provider-by-a-user/manifest")
    said = str(caught.value)
    for words in (
        "plugin.yaml:2: the field 'image': 'example/rep-demo-plugin:latest' must not contain a tag",
        "provider.yaml:3: the field 'plugin_info': Input should be a valid dictionary",
        "service-account-singapore.yaml: the field 'project' is missing",
    ):
        assert words in said


def test_what_can_be_read_is_compared_although_something_else_cannot(folder):
    path = folder / "create_collector.yaml"
    path.write_text(path.read_text().replace("provider: portfolio", "provider: folio"))
    account = folder / "create_service_account.yaml"
    account.write_text(account.read_text().replace("investment_type: cryptocurrency", "investment_type: hu"))
    (folder / "create_provider.yaml").write_text("provider: portfolio\n")
    with pytest.raises(InvalidField) as caught:
        Manifest.load(folder)
    said = str(caught.value)
    for words in ("'name' is missing", "the provider is 'folio', but", "secret_data does not fit the schema"):
        assert words in said


def test_an_accounts_project_is_named(folder):
    path = folder / "create_service_account.yaml"
    path.write_text(re.sub("^project: .*", "project_id: project-0123", path.read_text(), flags=re.MULTILINE))
    with pytest.raises(InvalidField) as caught:
        Manifest.load(folder)
    assert "unknown field 'project_id'. Write the project's name, as project:" in str(caught.value)


def test_faults_of_all_sorts_come_in_one_run(folder):
    (folder / "create_schema.yaml").write_text("name: [\n")
    (folder / "what.yaml").write_text("{version: 3, services: {}}\n")
    (folder / "create_provider.yaml").write_text("provider: x\n")
    with pytest.raises(ManifestError) as caught:
        Manifest.load(folder, ["plugin.nonsense=1"])
    said = str(caught.value)
    for words in (
        "create_schema.yaml:2 is not YAML",
        "what.yaml:1: the fields version, services match no kind",
        "create_provider.yaml: the field 'name' is missing",
        "-p plugin.nonsense: unknown field",
    ):
        assert words in said
    assert "declares no" not in said


def test_what_a_file_that_cannot_be_read_may_decide_is_no_fault(folder, documents):
    """The provider is not read, so nothing says that the other document is the collector."""
    (folder / "create_collector.yaml").unlink()
    (folder / "create_provider.yaml").write_text("name: [\n")
    (folder / "a.yaml").write_text("{name: x, provider: portfolio, plugin_info: {}}\n")
    with pytest.raises(NotYaml) as caught:
        Manifest.load(folder)
    assert "a.yaml" not in str(caught.value)


def test_many_faults_are_counted(folder):
    for number in range(40):
        (folder / f"{number}.yaml").write_text("{no: 1}\n")
    with pytest.raises(ManifestError, match=r"And 10 more\."):
        Manifest.load(folder)


def refused(folder):
    """The words with which a manifest is refused."""
    with pytest.raises(InvalidField) as caught:
        Manifest.load(folder)
    return str(caught.value)


def test_data_that_does_not_fit_the_manifests_own_schema(cases):
    said = refused(cases / "17-hci-provider-by-a-user/step-3-data-does-not-fit-own-schema")
    assert "service-account-singapore.yaml: data does not fit the schema 'hci-credentials' of" in said
    assert "'central_endpoint' is missing; 'username' is missing; 'password' is missing" in said


def test_what_a_plan_for_2_x_would_block_comes_with_the_other_faults(cases):
    said = refused(cases / "17-hci-provider-by-a-user/step-2-plugin_info-without-auto-sync")
    assert "provider.yaml: 2.x requires the field options of plugin_info" in said
    assert "'central_endpoint' is missing" in said


def test_data_may_fit_the_form_of_either_generation(folder, documents):
    (folder / "form.yaml").write_text(
        "{name: f, schema_type: SERVICE_ACCOUNT, schema: {required: [other]}, provider: portfolio}\n"
    )
    Manifest.load(folder)
    with pytest.raises(InvalidField, match="data does not fit the schema 'f' of .*'other' is missing"):
        Manifest.load(folder, ["service_account.data={}"])


def test_secret_data_that_does_not_fit_is_not_shown(folder):
    path = folder / "create_service_account.yaml"
    path.write_text(path.read_text().replace("investment_type: cryptocurrency", "investment_type: hu"))
    with pytest.raises(InvalidField) as caught:
        Manifest.load(folder)
    said = str(caught.value)
    assert "secret_data does not fit the schema 'portfolio_investment_schema' of" in said
    assert "'investment_type' has fewer characters than 4" in said
    assert "hu;" not in said
    assert "'hu'" not in said
    assert Manifest.load(folder, written=False).service_accounts  # nothing writes it


WEBHOOK = "name: Alerts\nservice_type: monitoring.Webhook\nimage: team/plugin-alerts-mon-webhook\n"


def test_a_plugin_of_another_kind_needs_no_provider_and_has_no_collector(write):
    manifest = Manifest.load(write({"register_plugin.yaml": WEBHOOK}))
    assert not manifest.collects
    assert (manifest.collector, manifest.provider_name) == (None, "")


def test_a_schema_beside_it_needs_one(write):
    schema = "name: token\nschema: {type: object}\n"
    with pytest.raises(InvalidField, match="nothing names the provider"):
        Manifest.load(write({"register_plugin.yaml": WEBHOOK, "create_schema.yaml": schema}))
    named = {"register_plugin.yaml": f"{WEBHOOK}provider: alerts\n", "create_schema.yaml": schema}
    assert Manifest.load(write(named)).provider_name == "alerts"


def test_a_collector_of_a_plugin_of_another_kind_is_refused_in_words(cases):
    with pytest.raises(InvalidField) as caught:
        Manifest.load(cases / "monitoring-type")
    assert re.sub("/[^ ]*/", "", caught.value.message) == (
        "manifest.yaml (document 5): a collector is declared, but manifest.yaml (document 4) registers the plugin as "
        "monitoring.Webhook: nothing is collected with a webhook. If it is a collector, its type is "
        "inventory.Collector; if not, leave the collector out."
    )


@pytest.mark.parametrize("field", ["service_type", "resource_type"])
def test_a_type_that_is_almost_known_is_refused(folder, field):
    path = folder / "register_plugin.yaml"
    replace(path, "service_type: inventory.Collector", f"{field}: inventory.Colector")
    with pytest.raises(
        InvalidField, match=f"'{field}': 'inventory.Colector' is no type .*inventory.Collector mean"
    ):
        Manifest.load(folder)


def test_two_types_that_contradict_each_other(write):
    with pytest.raises(
        InvalidField, match="'monitoring.Webhook' says that it is a webhook, and .* a collector"
    ):
        Manifest.load(write({"register_plugin.yaml": f"{WEBHOOK}resource_type: inventory.Collector\n"}))


def test_each_generation_may_have_its_own_word_for_the_same(write):
    text = "name: x\nservice_type: identity.Domain\nresource_type: identity.ExternalAuth\nimage: a/b\n"
    plugin = Manifest.load(write({"register_plugin.yaml": text})).plugin
    assert plugin.plugin_kind("1.12").type == "identity.Domain"
    assert plugin.plugin_kind("2.x").type == "identity.ExternalAuth"


def test_what_is_published_has_no_account_and_no_collector(folder):
    manifest = Manifest.load(folder)
    published = manifest.published()
    assert (published.service_accounts, published.collector) == ((), None)
    assert (published.plugin, published.schemas) == (manifest.plugin, manifest.schemas)


def test_a_parameter_for_a_collector_that_there_cannot_be(write):
    folder = write({"register_plugin.yaml": WEBHOOK})
    with pytest.raises(
        InvalidField, match=r"with -p collector\.name: a collector is declared, but .* as monitoring.Web"
    ):
        Manifest.load(folder, ["collector.name=x"])
