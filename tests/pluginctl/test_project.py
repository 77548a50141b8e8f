"""Which files a command reads, in a project and elsewhere; tests/integration/test_wheel.py does it with a wheel."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from flows.manifest import FileMissing, InvalidField
from flows.steps.places import ENVIRONMENTS, MANIFEST, SOURCE
from pluginctl import project
from pluginctl.project import NoCheckout, find_folders, find_inputs, require_checkout, samples


@pytest.fixture(autouse=True)
def users(tmp_path, monkeypatch):
    """The folder of the user's own environments, which need not exist."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config/pluginctl/environments"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A sandboxes' folder, as `sandbox up` leaves it."""
    folder = tmp_path / "home"
    for generation in ("2.x", "1.12"):
        (folder / generation).mkdir(parents=True)
        (folder / generation / "environment.yaml").write_text(
            f"registry: {{address: registry-{generation}}}\n"
        )
    monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(folder))
    return folder


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder, the current one."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def own(elsewhere):
    """The current folder is a project with one environment."""
    (elsewhere / ENVIRONMENTS).mkdir(parents=True)
    (elsewhere / ENVIRONMENTS / "prod.yaml").write_text("registry: {address: mine}\n")
    return elsewhere


@pytest.fixture
def installed(tmp_path, monkeypatch, checkout):
    """As from a wheel: no checkout, and the samples beside the package."""
    packages = tmp_path / "site-packages"
    shutil.copytree(checkout / ENVIRONMENTS, packages / "pluginctl/samples" / ENVIRONMENTS)
    monkeypatch.setattr("sandbox.machine.layout.PACKAGE", packages / "sandbox")
    monkeypatch.setattr(project, "__file__", str(packages / "pluginctl/project.py"))
    return packages / "pluginctl/samples"


def test_a_project_reads_its_own_and_says_nothing(own, capsys):
    found = find_inputs("prod")
    assert found.environment.settings.registry.address == "mine"
    assert (found.source, found.manifest) == (Path(SOURCE), Path(MANIFEST))
    assert capsys.readouterr() == ("", "")


def test_what_is_given_is_taken(own, tmp_path):
    found = find_inputs("prod", str(tmp_path / "a"), str(tmp_path / "b"))
    assert (found.source, found.manifest) == (tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize(("name", "generation"), [("sandbox", "2.x"), ("sandbox-1.12", "1.12")])
def test_a_project_may_use_the_local_sandboxes(own, home, checkout, capsys, name, generation):
    found = find_inputs(name)
    assert found.environment.settings.registry.address == f"registry-{generation}"
    assert (found.source, found.manifest) == (Path(SOURCE), Path(MANIFEST)), "and nothing else of the samples"
    said = capsys.readouterr().err
    assert (
        said
        == f"There is no {ENVIRONMENTS}/{name}.yaml here: {checkout / ENVIRONMENTS / name}.yaml is used.\n"
    )


def test_a_projects_own_sandbox_comes_first(own, capsys):
    (own / ENVIRONMENTS / "sandbox.yaml").write_text("registry: {address: own}\n")
    assert find_inputs("sandbox").environment.settings.registry.address == "own"
    assert capsys.readouterr().err == ""


def test_an_unknown_environment_names_all_that_was_looked_at(own, users):
    users.mkdir(parents=True)
    (users / "mine.yaml").write_text("{}")
    with pytest.raises(FileMissing) as caught:
        find_inputs("nowhere")
    assert caught.value.message == "There is no environment 'nowhere'."
    assert caught.value.advice.startswith(f"Looked in {ENVIRONMENTS} (prod); {users} (mine). Give another")


def test_outside_of_a_project_the_samples_are_no_place_for_other_names(elsewhere, users):
    with pytest.raises(FileMissing) as caught:
        find_inputs("prod")
    assert caught.value.advice.startswith(f"Looked in {users} (none).")


def test_the_users_own_environments_come_after_the_projects(own, users, capsys):
    users.mkdir(parents=True)
    for name in ("prod", "stage"):
        (users / f"{name}.yaml").write_text("registry: {address: users}\n")
    assert find_inputs("prod").environment.settings.registry.address == "mine"
    assert find_inputs("stage").environment.settings.registry.address == "users"
    assert capsys.readouterr().err == ""


def test_no_sample_is_released_into_an_environment_of_the_user(elsewhere, users, capsys):
    users.mkdir(parents=True)
    for name in ("prod", "sandbox"):
        (users / f"{name}.yaml").write_text("registry: {address: users}\n")
        found = find_inputs(name)
        assert found.environment.settings.registry.address == "users"
        assert (found.source, found.manifest) == (Path(SOURCE), Path(MANIFEST))
    assert capsys.readouterr().err == ""


def test_a_given_folder_is_the_only_one(own, users, tmp_path, home):
    users.mkdir(parents=True)
    (users / "stage.yaml").write_text("{}")
    given = tmp_path / "given"
    given.mkdir()
    (given / "prod.yaml").write_text("registry: {address: given}\n")
    assert find_inputs("prod", environments=given).environment.settings.registry.address == "given"
    for name in ("stage", "sandbox"):
        with pytest.raises(FileMissing) as caught:
            find_inputs(name, environments=given)
        assert caught.value.advice.startswith(f"Looked in {given} (prod).")


def test_a_project_says_where_its_parts_are(own):
    (own / "deployments/project.yaml").write_text("{source: ., manifest: managed_resource}\n")
    found = find_inputs("prod")
    assert (found.source, found.manifest) == (Path(), Path("managed_resource"))
    assert find_inputs("prod", "other").source == Path("other")


def test_a_repository_has_its_own_manifest(own):
    found = find_inputs("prod", "git+https://git.example.com/x.git@v1#plugin")
    assert str(found.source) == "git+https://git.example.com/x.git@v1#plugin"
    assert str(found.manifest) == "git+https://git.example.com/x.git@v1"
    assert find_inputs("prod", "git+https://git.example.com/x.git@v1", "mine").manifest == Path("mine")


def test_a_wrong_project_file_is_named(own):
    (own / "deployments/project.yaml").write_text("{source: /etc}\n")
    with pytest.raises(InvalidField, match=r"deployments/project\.yaml:1: the field 'source'"):
        find_inputs("prod")


def test_the_repository_of_a_plugin_hears_of_init(elsewhere, home, capsys):
    (elsewhere / "Dockerfile").write_text("FROM scratch\n")
    find_inputs("sandbox")
    assert "`pluginctl init` makes a project of this plugin." in capsys.readouterr().err


def test_elsewhere_the_checkout_stands_in(elsewhere, home, checkout, capsys):
    found = find_inputs("sandbox")
    assert found.environment.settings.registry.address == "registry-2.x"
    assert (found.source, found.manifest) == (checkout / SOURCE, checkout / MANIFEST)
    assert (
        capsys.readouterr().err == f"This folder holds no deployments/: the samples in {checkout} are used.\n"
    )


def test_elsewhere_the_packed_samples_stand_in(elsewhere, home, installed, capsys):
    assert samples() == installed
    found = find_inputs("sandbox")
    assert found.environment.settings.registry.address == "registry-2.x"
    assert (found.source, found.manifest) == (installed / SOURCE, installed / MANIFEST)
    assert str(installed) in capsys.readouterr().err


@pytest.mark.parametrize("given", [{"source": "mine"}, {"manifest": "mine"}])
def test_no_source_is_released_with_the_manifest_of_another(elsewhere, home, given):
    found = find_inputs("sandbox", **given)
    assert found.environment.settings.registry.address == "registry-2.x"
    assert {found.source, found.manifest} == {Path("mine"), Path(MANIFEST if "source" in given else SOURCE)}


def test_no_sample_is_released_into_an_environment_of_somebodys_own(elsewhere, tmp_path, capsys):
    (tmp_path / "prod.yaml").write_text("{}")
    found = find_inputs(str(tmp_path / "prod.yaml"))
    assert (found.source, found.manifest) == (Path(SOURCE), Path(MANIFEST))
    assert capsys.readouterr().err == ""


def test_the_packed_environments_look_for_the_sandboxes_where_up_puts_them(
    elsewhere, installed, monkeypatch, tmp_path
):
    monkeypatch.delenv("PLUGINCTL_SANDBOX_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with pytest.raises(FileMissing) as caught:
        find_inputs("sandbox-1.12")
    missing = tmp_path / "data/pluginctl/sandbox/1.12/environment.yaml"
    assert str(missing) in caught.value.message
    assert caught.value.advice == "Start the sandbox: pluginctl sandbox up --generation 1.12"
    missing.parent.mkdir(parents=True)
    missing.write_text("registry: {address: there}\n")
    assert find_inputs("sandbox-1.12").environment.settings.registry.address == "there"


def test_a_copy_of_the_sandboxs_environment_means_the_same_sandbox(own, checkout, home):
    shutil.copy(checkout / ENVIRONMENTS / "sandbox.yaml", own / ENVIRONMENTS)
    assert find_inputs("sandbox").environment.settings.registry.address == "registry-2.x"


def test_the_sandboxs_packages_are_no_need_of_other_environments(own, installed, monkeypatch):
    monkeypatch.delenv("PLUGINCTL_SANDBOX_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    assert find_inputs("prod").environment.name == "prod"


def test_without_an_environment_only_a_project_has_folders(elsewhere):
    with pytest.raises(FileMissing, match="pluginctl init"):
        find_folders()
    assert find_folders(Path("a")).manifest == Path(MANIFEST)
    (elsewhere / "deployments").mkdir()
    (elsewhere / "deployments/project.yaml").write_text("{source: ., manifest: m}\n")
    found = find_folders()
    assert (found.source, found.manifest) == (Path(), Path("m"))


def test_a_command_of_the_checkout_alone(checkout, monkeypatch, tmp_path):
    assert require_checkout("pluginctl demo") == checkout
    monkeypatch.setattr("sandbox.machine.layout.PACKAGE", tmp_path / "sandbox")
    with pytest.raises(NoCheckout, match="pluginctl demo"):
        require_checkout("pluginctl demo")


@pytest.mark.parametrize(
    ("called", "found", "shown"),
    [
        (".venv/bin/pluginctl", None, ".venv/bin/pluginctl"),
        (".venv/bin/pluginctl", "/usr/bin/pluginctl", ".venv/bin/pluginctl"),
        ("/usr/bin/pluginctl", "/usr/bin/pluginctl", "pluginctl"),
        ("/site-packages/pluginctl/__main__.py", None, "pluginctl"),
    ],
)
def test_a_command_is_shown_as_it_was_called(monkeypatch, called, found, shown):
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    monkeypatch.setattr(project.shutil, "which", lambda _: found)
    assert project.this_command() == shown
