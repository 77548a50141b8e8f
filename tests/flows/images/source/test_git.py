"""Git reads a checkout of somebody else: nothing of it is run, and what is read is what git itself says."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from flows.images.source.checkout import read_checkout
from flows.images.source.git import find_repository, head

AUTHOR = ("-c", "user.name=author", "-c", "user.email=author@example.com", "-c", "init.defaultBranch=main")


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-C", str(folder), *AUTHOR, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def committed(folder, message="first"):
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one commit; the plugin is in its folder `plugin`."""
    top = tmp_path / "checkout"
    (top / "plugin" / "src").mkdir(parents=True)
    (top / "plugin" / "src" / "VERSION").write_text("0.1.0")
    (top / "plugin" / "Dockerfile").write_text("FROM scratch\n")
    git(top, "init", "-q")
    committed(top)
    return top


@pytest.fixture
def run(tmp_path):
    """A program that leaves a mark, and the mark."""
    program, mark = tmp_path / "program", tmp_path / "WAS-RUN"
    program.write_text(f"#!/bin/sh\nid > {mark}\ncat\n")
    program.chmod(0o755)
    return program, mark


# What each configuration runs when git is asked as it was asked before.
PROGRAMS = {
    "core.fsmonitor": "{program}",
    "core.hooksPath": "{hooks}",
    "core.pager": "{program}",
    "core.sshCommand": "{program}",
    "core.alternateRefsCommand": "{program}",
    "core.attributesFile": "{attributes}",
    "diff.mark.textconv": "{program}",
    "diff.mark.command": "{program}",
    "diff.external": "{program}",
    "filter.mark.clean": "{program}",
    "filter.mark.smudge": "{program}",
    "filter.mark.process": "{program}",
    "gpg.program": "{program}",
    "log.showSignature": "true",
    "alias.log": "!{program}",
    "alias.status": "!{program}",
    "include.path": "{included}",
    "includeIf.gitdir:/.path": "{included}",
    "extensions.partialClone": "origin",
    "remote.origin.promisor": "true",
    "remote.origin.url": "ext::{program} %S",
    "protocol.allow": "always",
    "protocol.ext.allow": "always",
    "credential.helper": "!{program}",
    "submodule.recurse": "true",
    "status.submoduleSummary": "true",
}


@pytest.fixture
def hostile(checkout, run):
    """The checkout with every setting that names a program, attributes that use them, and hooks."""
    program, mark = run
    hooks = checkout / ".git" / "hooks"
    for name in ("post-index-change", "fsmonitor-watchman", "query-watchman", "pre-commit"):
        shutil.copy(program, hooks / name)
    (checkout / ".gitattributes").write_text("* filter=mark diff=mark\n")
    included = checkout / "included"
    included.write_text(f"[core]\nfsmonitor = {program}\n")
    places = {
        "program": program,
        "hooks": hooks,
        "included": included,
        "mark": mark,
        "attributes": checkout / ".gitattributes",
    }
    commit = committed(checkout, "attributes")
    for key, value in PROGRAMS.items():
        git(checkout, "config", key, value.format(**places))
    for path in checkout.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path)  # git compares contents only if the times differ
    mark.unlink(missing_ok=True)
    return commit


def test_the_configuration_is_hostile(checkout, hostile, run):
    """Git as it was asked before runs the program: otherwise the next tests would prove nothing."""
    subprocess.run(
        ["git", "-C", checkout, "status", "--porcelain"], check=False, capture_output=True, timeout=20
    )
    assert run[1].exists()


def test_nothing_of_a_checkout_is_run(checkout, hostile, run):
    (checkout / "plugin" / "Dockerfile").write_text("FROM scratch\n# changed\n")
    found = read_checkout(checkout / "plugin")
    assert found.dirty
    assert found.commit
    assert not run[1].exists()


def test_a_bare_repository_among_the_files_is_not_asked(tmp_path, checkout, run):
    """Its four paths are ordinary files, which a pull request can contain."""
    program, mark = run
    bare = checkout / "plugin"
    for name in ("objects", "refs"):
        (bare / name).mkdir()
        (bare / name / "keep").write_text("")
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    (bare / "config").write_text(
        f'[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\nfsmonitor = "{program}"\n'
    )
    commit = committed(checkout, "a pull request")
    cloned = tmp_path / "cloned"
    subprocess.run(["git", "clone", "-q", checkout, cloned], check=True)
    subprocess.run(["git", "-C", cloned / "plugin", "status"], check=False, capture_output=True, timeout=20)
    assert mark.exists(), "git itself runs it, or the payload is wrong"
    mark.unlink()
    found = read_checkout(cloned / "plugin")
    assert (found.commit, found.dirty) == (commit, False)
    assert not mark.exists()


def test_a_submodule_is_not_asked(tmp_path, checkout, run):
    """`git status` runs git in each submodule, under the submodule's own configuration."""
    program, mark = run
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    (other / "file").write_text("")
    committed(other)
    git(checkout, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "plugin/sub")
    committed(checkout, "submodule")
    git(checkout / "plugin" / "sub", "config", "core.fsmonitor", str(program))
    git(checkout, "status")
    assert mark.exists(), "git itself runs it, or the payload is wrong"
    mark.unlink()
    assert read_checkout(checkout / "plugin").dirty is False
    assert not mark.exists()


def test_a_git_file_that_leads_elsewhere_is_not_followed(tmp_path, checkout):
    stranger = tmp_path / "archive"
    stranger.mkdir()
    (stranger / ".git").write_text(f"gitdir: {checkout / '.git'}\n")
    assert find_repository(stranger) is None
    assert read_checkout(stranger) is None


def test_a_head_that_leads_elsewhere_is_not_read(tmp_path, checkout):
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef01234567\n")
    (checkout / ".git" / "HEAD").unlink()
    (checkout / ".git" / "HEAD").symlink_to(secret)
    assert head(find_repository(checkout)) is None


@pytest.mark.parametrize(
    "name", ["refs/heads/../../../../secret", "refs/heads/", "../secret", "HEAD", "refs/.hidden"]
)
def test_a_reference_with_another_name_is_not_read(checkout, name):
    (checkout / ".git" / "HEAD").write_text(f"ref: {name}\n")
    assert head(find_repository(checkout)) is None


@pytest.mark.parametrize("name", [".gitignore", "src/.gitignore", ".gitattributes"])
def test_a_pipe_is_not_waited_for(checkout, name):
    os.mkfifo(checkout / "plugin" / name)
    assert read_checkout(checkout / "plugin").dirty


def test_a_pipe_above_is_not_waited_for(checkout):
    os.mkfifo(checkout / ".gitignore")
    assert read_checkout(checkout / "plugin").dirty


def test_the_environment_of_git_holds_no_token(checkout, tmp_path, monkeypatch):
    seen = tmp_path / "seen"
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nenv >> {seen}\nexec {shutil.which("git")} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PLUGINCTL_TOKEN", "planted-token")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert read_checkout(checkout / "plugin").dirty is False
    assert "planted-token" not in seen.read_text()
    assert "/nowhere" not in seen.read_text()


class TestAsGitSays:
    """In every form of a checkout: the last commit of the folder, and whether it changed since."""

    def test_packed_references(self, checkout):
        commit = git(checkout, "rev-parse", "HEAD")
        git(checkout, "pack-refs", "--all")
        git(checkout, "gc", "-q")
        assert read_checkout(checkout / "plugin").commit == commit

    def test_a_detached_head(self, checkout):
        commit = git(checkout, "rev-parse", "HEAD")
        git(checkout, "checkout", "-q", "--detach")
        assert read_checkout(checkout / "plugin").commit == commit

    def test_a_linked_worktree(self, checkout, tmp_path):
        git(checkout, "worktree", "add", "-q", str(tmp_path / "linked"))
        (tmp_path / "linked" / "plugin" / "Dockerfile").write_text("FROM other\n")
        commit = git(checkout, "rev-parse", "HEAD")
        found = read_checkout(tmp_path / "linked" / "plugin")
        assert (found.commit, found.dirty) == (commit, True)
        assert read_checkout(checkout / "plugin").dirty is False

    def test_a_submodule(self, checkout, tmp_path):
        git(tmp_path, "init", "-q", "parent")
        parent = tmp_path / "parent"
        git(parent, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(checkout), "sub")
        found = read_checkout(parent / "sub" / "plugin")
        assert (found.commit, found.dirty) == (git(checkout, "rev-parse", "HEAD"), False)

    def test_a_shallow_clone(self, checkout, tmp_path):
        (checkout / "plugin" / "Dockerfile").write_text("FROM second\n")
        committed(checkout, "second")
        (checkout / "README").write_text("")
        newest = committed(checkout, "elsewhere")
        shallow = tmp_path / "shallow"
        subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{checkout}", shallow], check=True)
        found = read_checkout(shallow / "plugin")
        assert (found.commit, found.dirty) == (newest, False)

    def test_a_repository_with_sha256(self, tmp_path):
        top = tmp_path / "sha256"
        (top / "plugin").mkdir(parents=True)
        (top / "plugin" / "Dockerfile").write_text("")
        git(top, "init", "-q", "--object-format=sha256")
        commit = committed(top)
        assert len(commit) == 64
        found = read_checkout(top / "plugin")
        assert (found.commit, found.dirty) == (commit, False)

    def test_a_folder_with_characters_of_patterns(self, tmp_path):
        top = tmp_path / "top"
        (top / ":(glob)*[x]").mkdir(parents=True)
        (top / ":(glob)*[x]" / "Dockerfile").write_text("")
        git(top, "init", "-q")
        commit = committed(top)
        (top / "other").write_text("")
        committed(top, "elsewhere")
        assert read_checkout(top / ":(glob)*[x]").commit == commit

    def test_ignored_files_are_no_change(self, checkout, tmp_path, monkeypatch):
        (checkout / ".git" / "info" / "exclude").write_text("excluded\n")
        (checkout / "plugin" / "excluded").write_text("")
        home = tmp_path / "home"
        home.mkdir()
        (home / ".gitconfig").write_text('[core]\nexcludesFile = ~/my "ignored\n')
        (home / ".gitconfig").write_text('[core]\nexcludesFile = "~/my \\\\ \\"ignored"\n')
        (home / 'my \\ "ignored').write_text(".DS_Store\n")
        (checkout / "plugin" / ".DS_Store").write_text("")
        monkeypatch.setenv("HOME", str(home))
        assert read_checkout(checkout / "plugin").dirty is False
        (checkout / "plugin" / "new").write_text("")
        assert read_checkout(checkout / "plugin").dirty

    def test_a_file_system_without_modes(self, checkout):
        git(checkout, "config", "core.filemode", "false")
        (checkout / "plugin" / "Dockerfile").chmod(0o755)
        assert read_checkout(checkout / "plugin").dirty is False

    def test_references_in_another_format(self, checkout):
        (checkout / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
        assert read_checkout(checkout / "plugin") is None

    def test_a_socket_is_no_repository(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(".git")
            assert find_repository(Path()) is None
