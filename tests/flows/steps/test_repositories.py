"""Sources and manifests in git repositories: their addresses, and real clones from a server of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from flows.steps import repositories
from flows.steps.errors import InputRefused, NotFetched
from flows.steps.repositories import GitAddress, fetching, is_allowed, parse_place
from flows.steps.runner import PlainRunner

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("git+https://git.example.com/team/x.git@v0.3.1#plugin", ("v0.3.1", "plugin")),
        ("git+https://git.example.com/x@main", ("main", "")),
        ("git+https://git.example.com:8443/x.git@release/1.x#a/b", ("release/1.x", "a/b")),
        (f"git+ssh://git@git.example.com/team/x.git@{COMMIT}#p", (COMMIT, "p")),
        ("git+https://[2001:db8::1]/x.git@v1", ("v1", "")),
        # As pip writes it.
        ("git+https://git.example.com/x.git@v1#subdirectory=plugin", ("v1", "plugin")),
    ],
)
def test_an_address_is_read(text, expected):
    place = parse_place(text)
    assert isinstance(place, GitAddress)
    assert (place.revision, place.folder) == expected
    assert parse_place(str(place)) == place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("git+https://git.example.com/x.git#plugin", "names no revision"),
        ("git+ssh://git@git.example.com/x.git", "names no revision"),
        ("git+https://user:secret-word@git.example.com/x.git@v1", "a user or a password"),
        ("git+https://secret-word@git.example.com/x.git@v1", "a user or a password"),
        ("git+ssh://git:secret-word@git.example.com/x.git@v1", "a user or a password"),
        ("git+https://user:secret-word@git.example.com/x.git", "a user or a password"),
        ("git+https://secret-word@git.example.com/x.git#plugin", "a user or a password"),
        ("git+ssh://git:secret-word@git.example.com", "a user or a password"),
        ("git+http://secret-word@git.example.com/x.git", "a user or a password"),
        ("git+http://git.example.com/x.git@v1", "by https or ssh"),
        ("git+file:///etc@v1", "by https or ssh"),
        ("git+ext::sh -c id%@v1", "names no revision"),
        ("git+ssh://-oProxyCommand=id/x.git@v1", "by https or ssh"),
        ("git+ssh://-oProxyCommand=id@host/x.git@v1", "by https or ssh"),
        ("git+https://host/x.git@--upload-pack=id", "git does not allow"),
        ("git+https://host/x.git@a..b", "git does not allow"),
        ("git+https://host/x.git@v1:refs/heads/x", "git does not allow"),
        ("git+https://host/x y.git@v1", "by https or ssh"),
        ("git+https://host/x.git\n@v1", "by https or ssh"),
        ("git+https://host@v1", "a user or a password"),
        ("git+", "names no revision"),
    ],
)
def test_an_address_that_is_none_is_refused_without_a_secret(text, words):
    with pytest.raises(InputRefused, match=words) as refused:
        parse_place(text)
    assert "secret-word" not in str(refused.value)


def test_anything_else_is_a_folder():
    assert parse_place("plugin") == Path("plugin")


def test_another_revision_of_the_same_folder():
    place = GitAddress("https://git.example.com/x.git", "v1", "plugin")
    assert place.at("v2") == GitAddress("https://git.example.com/x.git", "v2", "plugin")
    with pytest.raises(InputRefused):
        place.at("--output=x")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://git.example.com/team/x.git", True),
        ("https://git.example.com/other/y.git", True),
        ("https://git.example.com/other/z.git", False),
        ("https://git.example.com.evil.example/team/x.git", False),
        ("https://git.example.com/team/../secret.git", False),
        ("https://git.example.com/team/%2e%2e/secret.git", False),
        ("ssh://git@git.example.com/team/x.git", False),
    ],
)
def test_a_list_allows_repositories_and_folders_of_them(url, allowed):
    given = "https://git.example.com/team/ https://git.example.com/other/y.git"
    assert is_allowed(url, given) is allowed


def test_an_empty_list_allows_nothing():
    assert not is_allowed("https://git.example.com/x.git", "")


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with two versions; its address is one of https, which git is told to find on this disk."""
    folder = tmp_path / "origin"
    (folder / "code").mkdir(parents=True)
    (folder / "deployments").mkdir()
    (folder / "deployments/project.yaml").write_text("source: code\nmanifest: deployments/x\n")
    (folder / "deployments/x").mkdir()
    (folder / "deployments/x/a.yaml").write_text("{}")
    (folder / "code/VERSION").write_text("1")
    (folder / "away").symlink_to("/etc")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    git(folder, "tag", "v1")
    (folder / "code/VERSION").write_text("2")
    git(folder, "commit", "--quiet", "-am", "two")
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "{folder}"]\n  insteadOf = https://git.example.com/x.git\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    allow = repositories._run

    def run(where, *arguments):
        # A path is of the protocol `file`, which the real call does not allow.
        with monkeypatch.context() as patched:
            patched.setattr(repositories, "ALLOWED", "https:ssh:file")
            return allow(where, *arguments)

    monkeypatch.setattr(repositories, "_run", run)
    return folder


def address(revision, folder=""):
    return GitAddress("https://git.example.com/x.git", revision, folder)


@pytest.mark.parametrize(("revision", "version"), [("v1", "1"), ("main", "2"), ("commit", "1")])
def test_a_tag_a_branch_and_a_commit_are_checked_out(repository, revision, version):
    revision = git(repository, "rev-parse", "v1") if revision == "commit" else revision
    with fetching(PlainRunner()) as fetch:
        source = fetch(address(revision, "code"), "source")
        assert (source / "VERSION").read_text() == version
    assert not source.exists()


def test_the_repository_says_where_its_parts_are(repository):
    with fetching(PlainRunner()) as fetch:
        assert fetch(address("v1"), "source").name == "code"
        assert fetch(address("v1"), "manifest").parts[-2:] == ("deployments", "x")


def test_source_and_manifest_of_one_revision_are_fetched_once(repository, monkeypatch):
    fetched = []
    clone = repositories.clone
    monkeypatch.setattr(repositories, "clone", lambda *given: fetched.append(given) or clone(*given))
    with fetching(PlainRunner()) as fetch:
        fetch(address("v1", "code"), "source")
        assert (fetch(address("v1", "deployments/x"), "manifest") / "a.yaml").exists()
    assert len(fetched) == 1


def test_a_folder_of_this_machine_stays_what_it_is(repository, tmp_path):
    with fetching(PlainRunner()) as fetch:
        assert fetch(tmp_path, "manifest") == tmp_path


@pytest.mark.parametrize("folder", ["nowhere", "away", "../..", "/etc", "code/VERSION"])
def test_a_folder_is_one_of_the_repository(repository, folder):
    with fetching(PlainRunner()) as fetch, pytest.raises(NotFetched, match="has no folder"):
        fetch(address("v1", folder), "source")


def test_an_unknown_revision_is_named(repository):
    with fetching(PlainRunner()) as fetch, pytest.raises(NotFetched, match="no tag and no branch 'v9'"):
        fetch(address("v9"), "source")
    with pytest.raises(NotFetched, match=f"contains the commit {COMMIT}"):
        repositories.clone(address(COMMIT), repository.parent)


def test_hooks_and_templates_of_nobody_are_run(repository, tmp_path):
    """A hook of the user's own template directory would run on each checkout of somebody else's files."""
    hooks = tmp_path / "template/hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-checkout").chmod(0o755)
    git(tmp_path, "config", "--global", "init.templateDir", str(hooks.parent))
    with fetching(PlainRunner()) as fetch:
        fetch(address("v1"), "source")
    assert not (tmp_path / "ran").exists()


def test_a_path_is_not_cloned(tmp_path):
    """What an address leads to by the user's settings is cloned by https and ssh alone."""
    (tmp_path / "settings").write_text(f'[url "{tmp_path}"]\n  insteadOf = https://git.example.com/x.git\n')
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
        with pytest.raises(NotFetched) as error:
            repositories.clone(address("v1"), tmp_path)
    assert "transport 'file' not allowed" in str(error.value)


def test_a_server_that_is_away_is_temporary(tmp_path, free_tcp_port):
    place = GitAddress(f"https://127.0.0.1:{free_tcp_port}/x.git", "v1")
    with pytest.raises(NotFetched) as error:
        repositories.clone(place, tmp_path)
    assert error.value.temporary
    assert error.value.exit_code == 3
