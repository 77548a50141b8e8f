"""In which folders an environment is looked up, and what its file may extend there."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.manifest import FileMissing, InvalidField, environment_folders, look_up, names_in
from flows.manifest.lookup import EnvironmentFolder, user_folder


def variables(**values):
    return values.get


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project/deployments/environments"
    folder.mkdir(parents=True)
    (tmp_path / "outside.yaml").write_text("description: outside\n")
    (tmp_path / "project/inside.yaml").write_text("description: inside\n")
    return folder


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "home/.config/pluginctl/environments"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/home/me"}, "/x/pluginctl/environments"),
        ({"XDG_CONFIG_HOME": "relative", "HOME": "/home/me"}, "/home/me/.config/pluginctl/environments"),
        ({"XDG_CONFIG_HOME": "", "HOME": "/home/me"}, "/home/me/.config/pluginctl/environments"),
        ({"HOME": "/home/me"}, "/home/me/.config/pluginctl/environments"),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_the_users_folder_is_where_xdg_says(values, found):
    assert user_folder(variables(**values)) == (Path(found) if found else None)


def test_the_project_comes_first_and_the_given_folder_alone(tmp_path, project, own):
    home = variables(HOME=str(tmp_path / "home"))
    assert environment_folders(project, None, home) == (
        EnvironmentFolder(project),
        EnvironmentFolder(own, own=True),
    )
    assert environment_folders(None, None, home) == (EnvironmentFolder(own, own=True),)
    assert environment_folders(project, tmp_path, home) == (EnvironmentFolder(tmp_path),)
    assert environment_folders(project, own, home) == (EnvironmentFolder(own, own=True),)
    assert environment_folders(project, None, variables()) == (EnvironmentFolder(project),)


def test_a_file_of_the_project_extends_files_of_the_project_alone(tmp_path, project, own):
    folders = (EnvironmentFolder(project), EnvironmentFolder(own, own=True))
    (project / "a.yaml").write_text("extends: ../../inside.yaml\n")
    (project / "b.yaml").write_text("extends: ../../../outside.yaml\n")
    (own / "b.yaml").write_text("{}")
    (own / "c.yaml").write_text(f"extends: {tmp_path / 'outside.yaml'}\n")
    assert look_up("a", folders).settings.description == "inside"
    assert look_up("c", folders).settings.description == "outside"
    with pytest.raises(InvalidField, match="not below"):
        look_up("b", folders)


@pytest.mark.parametrize("link", ["link.yaml", "environments"])
def test_a_link_of_the_project_leads_nowhere_else(tmp_path, project, own, link):
    """Also if the whole folder of a repository's environments is one."""
    (own / "prod.yaml").write_text(f"extends: {tmp_path / 'outside.yaml'}\n")
    if link == "environments":
        project.rmdir()
        project.symlink_to(own)
        name = "prod"
    else:
        (project / link).symlink_to(own / "prod.yaml")
        name = "link"
    with pytest.raises(Exception, match="leads out of"):
        look_up(name, (EnvironmentFolder(project), EnvironmentFolder(own, own=True)))


def test_a_given_folder_holds_its_files_together(tmp_path):
    given = tmp_path / "shared"
    given.mkdir()
    (tmp_path / "outside.yaml").write_text("{}")
    (given / "base.yaml").write_text("description: base\n")
    (given / "prod.yaml").write_text("extends: base.yaml\n")
    (given / "bad.yaml").write_text("extends: ../outside.yaml\n")
    folders = environment_folders(None, given)
    assert look_up("prod", folders).settings.description == "base"
    with pytest.raises(InvalidField, match="not below"):
        look_up("bad", folders)


@pytest.mark.parametrize("name", ["none", "", "a\0b", "x" * 300, "\x1b[2J", "*"])
def test_an_unknown_name_lists_what_was_looked_at(project, own, name):
    for each in ("one", "two"):
        (project / f"{each}.yaml").write_text("{}")
    with pytest.raises(FileMissing) as caught:
        look_up(name, (EnvironmentFolder(project), EnvironmentFolder(own, own=True)))
    assert f"Looked in {project} (one, two); {own} (none)." in caught.value.advice
    assert "\x1b" not in str(caught.value)


def test_a_list_of_many_is_cut(project):
    for number in range(30):
        (project / f"e{number:02}.yaml").write_text("{}")
    with pytest.raises(FileMissing, match=r"e19, and 10 more\)"):
        look_up("none", (EnvironmentFolder(project),))


def test_names_are_those_of_all_folders(project, own):
    (project / "a.yaml").write_text("{}")
    (own / "a.yaml").write_text("{}")
    (own / "b.yaml").write_text("{}")
    (own / "b.yaml.yaml").write_text("{}")
    assert names_in((EnvironmentFolder(project), EnvironmentFolder(own))) == ["a", "b"]


def test_a_path_is_read_wherever_it_is(tmp_path, project):
    assert look_up(str(tmp_path / "outside.yaml"), ()).settings.description == "outside"
