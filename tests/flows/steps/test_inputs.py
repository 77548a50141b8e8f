from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from flows.steps import inputs
from flows.steps.errors import InputRefused

#: What somebody may type into a form in place of the name of an environment or of a folder.
NEITHER = [
    *("/etc/shadow", "../x", "a/b", "x.yaml", "./sandbox", "sandbox.yaml", "~", "~root", "", " ", ".", ".."),
    *("/etc/shadow\0", "sand\0box", "sandbox\n", "\x1b[2J", "\u202esandbox", "x" * 100_000, "a/" * 5_000),
    *("sandbox/", "../environments/sandbox", "SANDBOX", "*", "\ud800"),
]


@pytest.fixture(autouse=True)
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the worker's own environments, which need not exist."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("PLUGINCTL_ENVIRONMENTS", raising=False)
    return tmp_path / "config/pluginctl/environments"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two environments, a plugin and a manifest, and a folder beside it."""
    root = tmp_path / "checkout"
    for folder in ("deployments/environments", "deployments/portfolio", "plugin", ".sandbox/2.x"):
        (root / folder).mkdir(parents=True)
    for name in ("sandbox", "prod.eu"):
        (root / f"deployments/environments/{name}.yaml").write_text("timeout: 7\n")
    (tmp_path / "elsewhere/plugin").mkdir(parents=True)
    (tmp_path / "elsewhere/.ssh").mkdir()
    return root


def is_one_printable_line(text: str) -> bool:
    return not any(unicodedata.category(each).startswith(("C", "Zl", "Zp")) for each in text)


@pytest.mark.parametrize("name", ["sandbox", "prod.eu"])
def test_an_environment_is_read_by_its_name(checkout: Path, name: str):
    found = inputs.environment(name, checkout)
    assert (found.name, found.settings.timeout) == (name, 7)


def test_the_workers_own_environments_come_after_those_of_the_checkout(checkout: Path, users: Path):
    users.mkdir(parents=True)
    (users / "sandbox.yaml").write_text("timeout: 9\n")
    (users / "secret.yaml").write_text("extends: ../../../elsewhere/base.yaml\n")
    (users.parents[2] / "elsewhere/base.yaml").write_text("timeout: 8\n")
    assert inputs.environment("sandbox", checkout).settings.timeout == 7
    assert inputs.environment("secret", checkout).settings.timeout == 8, (
        "the worker's own may extend any file"
    )
    with pytest.raises(InputRefused, match=r"The environments there are: prod\.eu, sandbox, secret\."):
        inputs.environment("prod", checkout)


def test_a_variable_of_the_worker_names_the_only_folder(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "elsewhere/prod.yaml").write_text("timeout: 5\n")
    monkeypatch.setenv("PLUGINCTL_ENVIRONMENTS", str(tmp_path / "elsewhere"))
    assert inputs.environment("prod", checkout).settings.timeout == 5
    with pytest.raises(InputRefused, match=r"in PLUGINCTL_ENVIRONMENTS\. The environments there are: prod\."):
        inputs.environment("sandbox", checkout)


def test_an_empty_value_is_what_the_project_says(checkout: Path):
    assert inputs.source("", checkout) == checkout / "plugin"
    assert inputs.manifest("", checkout) == checkout / "deployments/portfolio"
    (checkout / "deployments/project.yaml").write_text("{source: ., manifest: managed_resource}\n")
    assert inputs.source("", checkout) == checkout
    assert inputs.manifest("", checkout) == checkout / "managed_resource"
    assert inputs.source("plugin", checkout) == checkout / "plugin"


@pytest.mark.parametrize("name", NEITHER)
def test_what_is_no_name_of_an_environment_is_refused_in_one_line(checkout: Path, name: str):
    with pytest.raises(InputRefused) as caught:
        inputs.environment(name, checkout)
    said = str(caught.value)
    assert is_one_printable_line(said)
    assert len(said) < 200
    assert said.endswith("The environments there are: prod.eu, sandbox.")


def test_a_path_is_refused_although_the_file_is_there(checkout: Path, tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("root:*:20228:0:99999:7:::\n")
    (checkout / "deployments/environments/twice.yaml.yaml").write_text("{}")
    for name in (str(tmp_path / "mine.yaml"), "../../../mine", "../../../mine.yaml", "twice.yaml"):
        with pytest.raises(InputRefused) as caught:
            inputs.environment(name, checkout)
        assert "20228" not in str(caught.value)


def test_a_checkout_without_environments(tmp_path: Path):
    with pytest.raises(InputRefused, match="The environments there are: none"):
        inputs.environment("sandbox", tmp_path)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("plugin", "plugin"),
        ("plugin/", "plugin"),
        ("./plugin", "plugin"),
        ("deployments/../plugin", "plugin"),
        ("deployments/portfolio", "deployments/portfolio"),
    ],
)
def test_a_folder_below_the_checkout(checkout: Path, value: str, found: str):
    assert inputs.folder(value, "source", checkout) == checkout / found
    assert inputs.folder(str(checkout / value), "source", checkout) == checkout / found


def test_a_folder_stays_relative_to_where_the_flow_runs(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(checkout)
    assert inputs.folder("plugin", "source") == Path("plugin")


@pytest.mark.parametrize("what", ["source", "manifest"])
@pytest.mark.parametrize(
    "value",
    [
        *NEITHER,
        *("../elsewhere/plugin", "plugin/../../elsewhere", "/", "/etc", "/proc/self/cwd/plugin"),
        *(".sandbox", ".sandbox/2.x", "plugin/../.sandbox/2.x", "deployments/environments/sandbox.yaml"),
    ],
)
def test_what_is_no_folder_of_the_checkout_is_refused_in_one_line(checkout: Path, value: str, what: str):
    with pytest.raises(InputRefused) as caught:
        inputs.folder(value, what, checkout)
    said = str(caught.value)
    assert is_one_printable_line(said)
    assert len(said) < 300
    assert said.startswith(f"The {what} '")
    assert inputs.SOURCES in said


@pytest.mark.parametrize("link", ["link", "deployments/link", "plugin/link"])
def test_links_are_resolved_before_the_folder_is_judged(checkout: Path, tmp_path: Path, link: str):
    (checkout / link).symlink_to(tmp_path / "elsewhere")
    for value in (link, f"{link}/plugin"):
        with pytest.raises(InputRefused):
            inputs.folder(value, "source", checkout)
    (checkout / link).unlink()
    (checkout / link).symlink_to(checkout / "plugin")
    assert inputs.folder(link, "source", checkout) == checkout / "plugin"
    (checkout / link).unlink()
    (checkout / link).symlink_to(checkout / ".sandbox")
    with pytest.raises(InputRefused):
        inputs.folder(link, "source", checkout)


def test_a_refusal_does_not_tell_whether_there_is_something(checkout: Path, tmp_path: Path):
    there, nowhere = tmp_path / "elsewhere", tmp_path / "nowherelse"
    said = []
    for path in (there, nowhere):
        with pytest.raises(InputRefused) as caught:
            inputs.folder(str(path), "source", checkout)
        said.append(str(caught.value).replace(path.name, "NAME"))
    assert said[0] == said[1]


def test_folders_that_the_worker_allows(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv(inputs.SOURCES, os.pathsep.join(["/nowhere", str(elsewhere)]))
    assert inputs.folder(str(elsewhere / "plugin"), "source", checkout) == elsewhere / "plugin"
    assert inputs.folder(str(elsewhere), "source", checkout) == elsewhere
    (checkout / "link").symlink_to(elsewhere / "plugin")
    assert inputs.folder("link", "manifest", checkout) == elsewhere / "plugin"
    for value in (tmp_path, elsewhere / "..", elsewhere / ".ssh", f"{elsewhere}-not", "/etc"):
        with pytest.raises(InputRefused):
            inputs.folder(str(value), "source", checkout)


@pytest.mark.parametrize("sources", ["", ":", ".", "elsewhere", "../elsewhere", "~", "\0"])
def test_an_entry_that_is_no_absolute_path_allows_nothing(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: str
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(inputs.os, "environ", {inputs.SOURCES: sources})
    with pytest.raises(InputRefused):
        inputs.folder(str(tmp_path / "elsewhere/plugin"), "source", checkout)
