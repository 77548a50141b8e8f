"""What `spacectl apply` takes."""

import pytest

from flows.manifest import InvalidField, Manifest, ManifestError, UnknownKind

TASKS = """
var: {}
tasks:
  - name: Register the plugin
    id: plugin
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: register}
      data:
        name: Portfolio Collector
        service_type: inventory.Collector
        image: quasarhub/plugin-portfolio-inven-collector
  - name: All else
    sub_tasks:
      - name: Create the provider
        uses: "@modules/resource"
        spec:
          resource_type: identity.Provider
          matches: [provider]
          data:
            provider: portfolio
            name: Portfolio
"""


@pytest.fixture
def apply(folder):
    """Loads the portfolio with a task file in the place of its plugin and provider."""
    (folder / "register_plugin.yaml").unlink()
    (folder / "create_provider.yaml").unlink()

    def apply(text):
        (folder / "plugin.yaml").write_text(text)
        return Manifest.load(folder)

    return apply


def test_tasks_declare_what_they_make(apply, folder):
    manifest = apply(TASKS)
    assert manifest.plugin.id == "plugin-portfolio-inven-collector"
    assert str(manifest.plugin.place) == f"{folder}/plugin.yaml (task 1)"
    assert str(manifest.provider.place) == f"{folder}/plugin.yaml (task 2.1)"


def test_a_fault_has_its_line(apply):
    text = TASKS.replace("name: Portfolio\n", "name: Portfolio\n            colour: red\n")
    line = text.splitlines().index("            colour: red") + 1
    with pytest.raises(InvalidField, match=f"plugin.yaml:{line}: unknown field 'colour'"):
        apply(text)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: Portfolio\n", "name: ${{ var.name }}\n", r"plugin.yaml:24: an expression"),
        ("    id: plugin\n", "    if: true\n", r":5: 'if' is not supported: it is evaluated when tasks run"),
        (
            "    id: plugin\n",
            "    loop: [1]\n",
            r":5: 'loop' is not supported: it is evaluated when tasks run",
        ),
        (
            "    id: plugin\n",
            "    var: {a: b}\n",
            r":5: 'var' is not supported: it is evaluated when tasks run",
        ),
        (
            'uses: "@modules/resource"\n    spec',
            "uses: '@modules/shell'\n    spec",
            r":6: only @modules/resource",
        ),
        ("{exec: register}", "{exec: delete}", r":7: the task creates nothing"),
        ("mode: EXEC", "mode: READ_ONLY", r":7: the task creates nothing"),
        ("identity.Provider", "identity.Project", r"identity.Project is not a kind"),
        (
            "matches: [provider]\n          data",
            "matches: [provider]\n          dat",
            "spec must be a mapping with data",
        ),
        ("tasks:\n", "import: [../elsewhere.yaml]\ntasks:\n", r":3: imports ../elsewhere.yaml"),
    ],
)
def test_what_only_a_run_can_tell_is_refused(apply, old, new, words):
    assert old in TASKS
    with pytest.raises((InvalidField, UnknownKind), match=words):
        apply(TASKS.replace(old, new, 1))


@pytest.mark.parametrize(
    "tasks", ["tasks: words", "tasks: [words]", "tasks: [{sub_tasks: {}}]", "import: {}"]
)
def test_tasks_of_another_form(apply, tasks):
    with pytest.raises(ManifestError, match=r"plugin.yaml:1: .*(list|mapping)"):
        apply(tasks)


def test_an_import_of_the_manifests_own_file_is_read_once(apply, folder):
    (folder / "main.yaml").write_text("import:\n  - ./plugin.yaml\n")
    assert apply(TASKS).plugin.name == "Portfolio Collector"
