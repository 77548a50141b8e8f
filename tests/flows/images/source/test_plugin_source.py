"""A plugin source: what is checked, what its digest covers, and what git says about it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import socket
import subprocess
import tarfile
from datetime import UTC, datetime

import pytest

from flows.images import SourceChanged, SourceError
from flows.images.source import PluginSource, Setup, context


def digest(folder) -> str:
    return PluginSource.load(folder).digest


class TestChecks:
    def test_reads_version(self, plugin):
        source = PluginSource.load(str(plugin))
        assert source.version == "0.1.0"
        assert source.version_file == plugin / "src/VERSION"
        assert source.digest.startswith("sha256-files:")
        assert len(source.digest) == 77

    @pytest.mark.parametrize("path", ["Dockerfile", "src/VERSION"])
    def test_missing_file_is_named(self, plugin, path):
        (plugin / path).unlink()
        with pytest.raises(SourceError, match=r"is missing\. Write .*") as caught:
            PluginSource.load(plugin)
        assert caught.value.path == plugin / path
        assert str(plugin / path) in str(caught.value)

    def test_missing_folder(self, tmp_path):
        with pytest.raises(SourceError, match=r"does not exist\. Give the folder of a plugin"):
            PluginSource.load(tmp_path / "nowhere")

    def test_file_instead_of_folder(self, plugin):
        with pytest.raises(SourceError, match="Dockerfile: is not a folder"):
            PluginSource.load(plugin / "Dockerfile")

    def test_missing_src(self, plugin):
        (plugin / "src").rename(plugin / "source")
        with pytest.raises(SourceError, match=r"src: is missing\. Put VERSION"):
            PluginSource.load(plugin)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", r"is empty\. Write the plugin's version"),
            (" \n", "is empty"),
            ("0.1.0+local", r"'0\.1\.0\+local' is not an image tag"),
            ("0.1 beta", "is not an image tag"),
            (".1", "do not begin with '.' or '-'"),
            ("1" * 129, "at most 128"),
            ("0.1.0\n0.2.0", "is not an image tag"),
            ("latest", "is not a version that SpaceONE can use"),
        ],
    )
    def test_bad_version(self, plugin, text, words):
        (plugin / "src/VERSION").write_text(text)
        with pytest.raises(SourceError, match=words) as caught:
            PluginSource.load(plugin)
        assert caught.value.path == plugin / "src/VERSION"

    def test_version_that_is_no_text(self, plugin):
        (plugin / "src/VERSION").write_bytes(b"\xff\xfe")
        with pytest.raises(SourceError, match="is not text in UTF-8"):
            PluginSource.load(plugin)


class TestForeignFiles:
    """A pull request can contain any link. Nothing outside of the source is read, and little is quoted."""

    SECRET = "token: eyJhbGciOiJSUzI1NiJ9.eyJhbGciOiJSUzI1NiJ9.very-secret"

    @pytest.fixture
    def outside(self, tmp_path):
        file = tmp_path / "environment.yml"
        file.write_text(f"{self.SECRET}\n" * 3)
        return file

    @pytest.mark.parametrize(
        "name", ["src/VERSION", "Dockerfile", ".dockerignore", "pkg/pip_requirements.txt", "src/setup.py"]
    )
    @pytest.mark.parametrize(
        "target", ["{outside}", "../../environment.yml", "/proc/self/environ", "/dev/zero"]
    )
    def test_a_link_that_leads_out(self, plugin, outside, name, target):
        (plugin / name).parent.mkdir(exist_ok=True)
        (plugin / name).unlink(missing_ok=True)
        (plugin / name).symlink_to(target.format(outside=outside))
        with pytest.raises(SourceError, match=f"leads out of {re.escape(str(plugin))}") as caught:
            PluginSource.load(plugin)
        assert "secret" not in str(caught.value)
        assert caught.value.path == plugin / name

    @pytest.mark.parametrize("folder", ["src", "pkg"])
    def test_a_folder_that_leads_out(self, plugin, tmp_path, folder):
        (tmp_path / "stranger").mkdir()
        for name in ("VERSION", "setup.py", "pip_requirements.txt"):
            (tmp_path / "stranger" / name).write_text(self.SECRET)
        shutil.rmtree(plugin / folder, ignore_errors=True)
        (plugin / folder).symlink_to(tmp_path / "stranger")
        with pytest.raises(SourceError, match="leads out of") as caught:
            PluginSource.load(plugin)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        "name", ["src/VERSION", "Dockerfile", ".dockerignore", "pkg/pip_requirements.txt", "src/setup.py"]
    )
    def test_a_pipe(self, plugin, name):
        (plugin / name).parent.mkdir(exist_ok=True)
        (plugin / name).unlink(missing_ok=True)
        os.mkfifo(plugin / name)
        with pytest.raises(SourceError, match="it is a pipe"):
            PluginSource.load(plugin)

    @pytest.mark.parametrize(
        "name", ["src/VERSION", "Dockerfile", ".dockerignore", "pkg/pip_requirements.txt", "src/setup.py"]
    )
    def test_a_large_file(self, plugin, name):
        (plugin / name).parent.mkdir(exist_ok=True)
        with (plugin / name).open("wb") as file:
            file.truncate(2**40)
        with pytest.raises(SourceError, match="more than 1 [KM]iB|too large for a build context"):
            PluginSource.load(plugin)

    def test_a_link_to_a_file_of_the_source(self, plugin):
        (plugin / "VERSION").write_text("0.7.0\n")
        (plugin / "src/VERSION").unlink()
        (plugin / "src/VERSION").symlink_to("../VERSION")
        assert PluginSource.load(plugin).version == "0.7.0"

    @pytest.mark.parametrize("text", [f"{SECRET}", "x" * 1000, "\x1b[2J\x1b]0;owned\x07"])
    def test_a_message_quotes_little_and_prints_all_of_it(self, plugin, text):
        (plugin / "src/VERSION").write_text(text)
        with pytest.raises(SourceError) as caught:
            PluginSource.load(plugin)
        words = str(caught.value).removeprefix(str(plugin))
        assert "very-secret" not in words
        assert len(words) < 250
        assert words.isprintable()

    def test_a_huge_context_is_refused_before_it_is_read(self, plugin):
        (plugin / "Dockerfile").write_text("FROM scratch\nCOPY . /src\n")
        with (plugin / "data.bin").open("wb") as file:
            file.truncate(2**40)
        with pytest.raises(SourceError, match="too large for a build context"):
            PluginSource.load(plugin)

    @pytest.mark.parametrize(
        "text", ["(" * 5000, "-" * 100_000 + "1", "setup" + ".a" * 20_000 + "()", "x = " + "[" * 150]
    )
    def test_a_setup_that_no_parser_survives(self, plugin, text):
        (plugin / "src/setup.py").write_text(text)
        assert PluginSource.load(plugin).contents.setup in {Setup(None, None)}

    @pytest.mark.parametrize(
        "line", ["COPY ../../../etc/passwd /x", "COPY /etc/passwd /x", "COPY ../*.yml /x"]
    )
    def test_a_copy_does_not_say_what_lies_outside(self, plugin, outside, line):
        (plugin / "Dockerfile").write_text(f"FROM scratch\n{line}\n")
        with pytest.raises(SourceError, match="is missing, but line 2"):
            PluginSource.load(plugin)


class TestHostileDockerfiles:
    """Whoever writes one decides how much work it is to read it."""

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("FROM scratch\n" * 50_000, "more than 1,000 instructions"),
            ("FROM scratch\nCOPY " + "src/* " * 150_000 + "/x/\n", None),
            (
                "FROM scratch\nCOPY " + " ".join(f"*{n}*" for n in range(60_000)) + " /x/\n",
                "more than 500 files",
            ),
            ("FROM scratch\n" + "COPY src /x\n" * 60_000, "more than 1,000 instructions"),
            ("FROM scratch\nRUN " + "--a=b " * 150_000 + "x\n", None),
            ("FROM scratch\nRUN " + "<<A " * 200_000 + "\n", "no line 'A' ends"),
            ("FROM scratch\nENV A=xx\n" + "ENV A=$A$A\n" * 900 + "COPY src $A /x/\n", None),
            ("ARG A=xx\n" + "ARG A=$A$A\n" * 60 + "FROM scratch\nCOPY src /x\n", None),
            ("FROM scratch\nENV A=" + "'\"" * 400_000 + "\nCOPY src /x\n", None),
            ("FROM scratch\nCOPY " + "${A:-" * 150_000 + " /x\n", None),
            ("FROM scratch\nCOPY " + "[" * 500_000 + " /x\n", "is missing"),
            ("FROM scratch\nCOPY " + "src/../" * 140_000 + "src /x\n", "is missing"),
            ("FROM scratch\nCOPY " + "*a" * 50 + " /x\n", "is missing"),
            ("FROM scratch\nCOPY src /x\nRUN " + "pip install " * 80_000 + "\n", None),
            ("FROM scratch\nCOPY src /x\nRUN a" + " \\\n apt-get -a" * 60_000 + "\n", None),
            ("FROM scratch\nCOPY src /x\nCMD " + "python -a " * 90_000 + "\n", None),
            ("#" * 1_000_000, None),
            (" \n" * 500_000 + "FROM scratch\nCOPY src /x", None),
        ],
        ids=range(18),
    )
    @pytest.mark.timeout(60)  # what is not linear takes longer
    def test_costs_little(self, plugin, text, words):
        (plugin / "Dockerfile").write_text(text)
        (plugin / "src/setup.py").write_text("setup(packages=[], include_package_data=True)")
        (plugin / "src/MANIFEST.in").write_text("\n" * 900_000)
        with pytest.raises(SourceError, match=words) if words else contextlib.nullcontext() as caught:
            PluginSource.load(plugin)
        assert caught is None or len(str(caught.value)) < 1000


class TestDigest:
    def test_same_for_a_copy(self, plugin, tmp_path):
        copy = tmp_path / "elsewhere"
        subprocess.run(["cp", "-r", plugin, copy], check=True)
        for path in copy.rglob("*"):
            os.utime(path, (1, 1))
        assert digest(copy) == digest(plugin)

    @pytest.mark.parametrize(
        "change",
        [
            lambda folder: (folder / "src/plugin/main.py").write_text("print('bye')\n"),
            lambda folder: (folder / "src/plugin/new.py").write_text(""),
            lambda folder: (folder / "src/plugin/main.py").rename(folder / "src/plugin/other.py"),
            lambda folder: (folder / "src/plugin/main.py").chmod(0o755),
            lambda folder: (folder / "src/plugin/empty").mkdir(),
            lambda folder: (folder / "src/plugin/link").symlink_to("main.py"),
            lambda folder: (folder / "Dockerfile").write_text("FROM scratch\nCOPY src /\n"),
            lambda folder: (folder / ".dockerignore").write_text("**/main.py\n"),
            lambda folder: (folder / "src/setup.py").unlink(),
        ],
        ids=["content", "new", "renamed", "executable", "folder", "link", "Dockerfile", "ignored", "removed"],
    )
    def test_changes_with_the_build_context(self, plugin, change):
        before = digest(plugin)
        change(plugin)
        assert digest(plugin) != before

    @pytest.mark.parametrize(
        "change",
        [
            lambda folder: (folder / "src/VERSION").write_text("9.9.9"),
            lambda folder: (folder / "debug.log").write_text("noise"),
            lambda folder: (folder / "src/plugin/__pycache__").mkdir(),
            lambda folder: (folder / "src/plugin/main.py").chmod(0o600),
            lambda folder: os.utime(folder / "src/plugin/main.py", (1, 1)),
            lambda folder: (folder / "README.md").write_text("typo"),
            lambda folder: (folder / "pkg/pip_requirements.txt").unlink(),
            lambda folder: (folder / ".dockerignore").write_text("*.log\n**/__pycache__\n"),
            lambda folder: (folder / "Dockerfile").write_text("# why\nFROM scratch\nCOPY \\\n src /src"),
        ],
        ids=[
            "VERSION",
            "ignored file",
            "ignored folder",
            "umask",
            "time",
            "README",
            "not copied",
            "ignore",
            "comment",
        ],
    )
    def test_stays_with_what_cannot_reach_the_image(self, plugin, change):
        before = digest(plugin)
        change(plugin)
        assert digest(plugin) == before

    def test_content_cannot_pass_for_a_path(self, plugin):
        (plugin / "src/ab").write_text("c")
        before = digest(plugin)
        (plugin / "src/ab").rename(plugin / "src/a")
        (plugin / "src/a").write_text("bc")
        assert digest(plugin) != before

    def test_link_is_not_followed(self, plugin, tmp_path):
        (tmp_path / "secret").write_text("one")
        (plugin / "src/link").symlink_to(tmp_path / "secret")
        before = digest(plugin)
        (tmp_path / "secret").write_text("two")
        assert digest(plugin) == before

    def test_link_in_place_of_its_target_s_name(self, plugin):
        (plugin / "src/other").write_text("main.py")
        before = digest(plugin)
        (plugin / "src/other").unlink()
        (plugin / "src/other").symlink_to("main.py")
        assert digest(plugin) != before

    def test_allow_list_of_dockerignore(self, plugin):
        (plugin / ".dockerignore").write_text("*\n!src/VERSION\n!src/plugin\n**/__pycache__\n**/*.pyc\n")
        (plugin / "src/plugin/__pycache__").mkdir()
        (plugin / "src/plugin/__pycache__/main.pyc").write_text("x")
        held = [entry.path for entry in context.entries(plugin)]
        assert held == [".dockerignore", "Dockerfile", "src/VERSION", "src/plugin", "src/plugin/main.py"]

    def test_names_caches_in_the_context(self, plugin):
        (plugin / ".dockerignore").unlink()
        (plugin / "src/plugin/__pycache__").mkdir()
        (plugin / "src/plugin/__pycache__/main.cpython-311.pyc").write_text("x")
        assert PluginSource.load(plugin).caches() == [
            "src/plugin/__pycache__",
            "src/plugin/__pycache__/main.cpython-311.pyc",
        ]

    def test_unreadable_dockerignore_is_named(self, plugin):
        (plugin / ".dockerignore").write_bytes(b"\xff")
        with pytest.raises(SourceError, match=r"\.dockerignore: is not text in UTF-8"):
            digest(plugin)

    def test_socket_is_left_out(self, plugin, monkeypatch):
        before = digest(plugin)
        monkeypatch.chdir(plugin)  # a socket's path is at most 107 characters long
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s")
            assert digest(plugin) == before


class TestArchive:
    def test_holds_what_the_digest_covers_and_the_version(self, plugin):
        time = datetime(2024, 1, 2, tzinfo=UTC)
        (plugin / "src/link").symlink_to("./setup.py")
        (plugin / "src/plugin/main.py").chmod(0o700)
        file, read = context.archive(plugin, time=time)
        with file, tarfile.open(fileobj=file) as tar:
            members = {member.name: member for member in tar}
            assert tar.extractfile("src/VERSION").read() == b"0.1.0\n"
        assert {*members} == {*read.listing.files, "src/VERSION", ".dockerignore"}
        assert list(members) == sorted(members)
        assert read.listing == PluginSource.load(plugin).listing
        assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {
            (0, 0, int(time.timestamp()))
        }
        assert members["src/plugin/main.py"].mode == 0o755
        assert members["src/setup.py"].mode == 0o644
        assert members["src/link"].linkname == "./setup.py"

    def test_is_the_same_bytes_again(self, plugin):
        time = datetime(2024, 1, 2, tzinfo=UTC)
        first, _ = context.archive(plugin, time=time)
        with first:
            os.utime(plugin / "Dockerfile", (5, 5))
            (plugin / "src/setup.py").chmod(0o640)
            (plugin / "README.md").write_text("new")
            second, _ = context.archive(plugin, time=time)
            with second:
                assert first.read() == second.read()

    def test_files_of_a_stage_that_is_not_used_are_sent_but_do_not_count(self, plugin):
        """The classic builder builds every stage."""
        (plugin / "test").mkdir()
        (plugin / "test/a.py").write_text("1")
        (plugin / "Dockerfile").write_text(
            "FROM scratch AS test\nCOPY test /test\nFROM scratch\nCOPY src /src\n"
        )
        before = digest(plugin)
        (plugin / "test/a.py").write_text("2")
        assert digest(plugin) == before
        file, _ = context.archive(plugin, time=datetime(2024, 1, 2, tzinfo=UTC))
        with file, tarfile.open(fileobj=file) as tar:
            assert tar.extractfile("test/a.py").read() == b"2"

    def test_change_after_loading_is_noticed(self, plugin):
        source = PluginSource.load(plugin)
        source.archive().close()
        (plugin / "src/plugin/main.py").write_text("changed")
        with pytest.raises(SourceChanged, match="changed since the release was planned"):
            source.archive()

    def test_bump_after_loading_is_noticed(self, plugin):
        source = PluginSource.load(plugin)
        (plugin / "src/VERSION").write_text("0.2.0")
        with pytest.raises(SourceChanged, match="src/VERSION"):
            source.archive()

    @pytest.mark.parametrize("name", ["src/plugin/main.py", "Dockerfile", "src/VERSION"])
    def test_a_change_that_is_taken_back_cannot_be_released(self, plugin, monkeypatch, name):
        """The digest is of the bytes that are sent, not of what the folder holds before or after."""
        source = PluginSource.load(plugin)
        real, good = context._packed, (plugin / name).read_text()

        def packed(*arguments):
            (plugin / name).write_text(good)
            return real(*arguments)

        (plugin / name).write_text({"Dockerfile": "FROM scratch\nCOPY src /x\n"}.get(name, "0.6.6"))
        monkeypatch.setattr(context, "_packed", packed if name == "Dockerfile" else real)
        with pytest.raises(SourceChanged):
            source.archive()
        (plugin / name).write_text(good)
        source.archive().close()

    def test_a_file_that_is_exchanged_while_it_is_read(self, plugin, monkeypatch):
        source = PluginSource.load(plugin)
        real = context._opened
        (plugin / "src/plugin/main.py").write_text("evil")

        @contextlib.contextmanager
        def opened(folder, entry):
            with real(folder, entry) as file:
                if entry.path.endswith("main.py"):
                    (plugin / "src/plugin/main.py").write_text("print('hello')\n")
                yield file

        monkeypatch.setattr(context, "_opened", opened)
        try:
            file = source.archive()
        except SourceChanged:
            return
        with file, tarfile.open(fileobj=file) as tar:
            assert tar.extractfile("src/plugin/main.py").read() == b"print('hello')\n"

    def test_a_file_that_shrinks_is_named(self, plugin, monkeypatch):
        real = context._Hashed.read
        monkeypatch.setattr(context._Hashed, "read", lambda self, size=-1: real(self, size)[:-1])
        with pytest.raises(SourceError, match="became shorter while it was read"):
            context.archive(plugin, time=datetime(2024, 1, 2, tzinfo=UTC))

    def test_a_full_disk_is_not_the_source_s_fault(self, plugin, monkeypatch):
        (plugin / "src/large").write_bytes(bytes(100_000))

        class Full(io.BytesIO):
            def write(self, data):
                if self.tell() > 30_000:
                    raise OSError(28, "No space left on device")
                return super().write(data)

        monkeypatch.setattr("tempfile.TemporaryFile", Full)
        with pytest.raises(
            SourceError, match="cannot be written to an archive in .*No space left on device"
        ) as caught:
            context.archive(plugin, time=datetime(2024, 1, 2, tzinfo=UTC))
        assert "set TMPDIR" in str(caught.value)

    def test_for_buildkit(self, plugin):
        """It removes nothing that .dockerignore names, and would pull the frontend."""
        (plugin / "Dockerfile").write_text("# syntax=docker/dockerfile:1\nFROM scratch\nCOPY src /src\n")
        (plugin / ".dockerignore").write_text(".dockerignore\n")
        source = PluginSource.load(plugin)
        with source.archive(for_buildkit=True) as file, tarfile.open(fileobj=file) as tar:
            assert ".dockerignore" not in tar.getnames()
            assert tar.extractfile("Dockerfile").read() == b"#\nFROM scratch\nCOPY src /src\n"
        with source.archive() as file, tarfile.open(fileobj=file) as tar:
            assert ".dockerignore" in tar.getnames()
            assert tar.extractfile("Dockerfile").read().startswith(b"# syntax=")


class TestEarlierReleases:
    """Their label is a digest of the whole build context."""

    def test_the_form_of_the_label_says_what_is_compared(self, plugin):
        label = context.whole_digest(plugin, without={"src/VERSION"})
        source = PluginSource.load(plugin)
        assert label.startswith("sha256:")
        assert source.is_source_of(label)
        assert source.is_source_of(source.digest)
        (plugin / "src/VERSION").write_text("0.1.0")
        assert PluginSource.load(plugin).is_source_of(label)
        (plugin / "README.md").write_text("hello")
        changed = PluginSource.load(plugin)
        assert not changed.is_source_of(label)
        assert changed.is_source_of(source.digest)
        assert not changed.is_source_of(f"sha256:{source.digest.rpartition(':')[2]}")

    def test_it_is_what_it_was(self, plugin):
        """As the version before computed it for the files of the fixture."""
        assert (
            context.whole_digest(plugin, without={"src/VERSION"})
            == "sha256:297887ebb2c61f3db6219b6c490d0e6d314fa816d9470e713c82c059cd289e33"
        )


class TestCheckout:
    @pytest.fixture
    def git(self, plugin):
        def run(*arguments: str) -> str:
            identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
            environment = {**os.environ, "GIT_COMMITTER_DATE": "2024-05-06T07:08:09+02:00"}
            done = subprocess.run(
                ["git", "-C", str(plugin.parent), *identity, *arguments],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            return done.stdout.strip()

        run("init", "-q")
        run("add", "plugin")
        run("commit", "-qm", "first")
        return run

    def test_no_checkout(self, plugin):
        os.utime(plugin / "Dockerfile", (4102444800, 4102444800))
        source = PluginSource.load(plugin)
        assert source.revision is None
        assert source.url is None
        assert source.created == datetime(2100, 1, 1, tzinfo=UTC)

    def test_clean(self, plugin, git):
        source = PluginSource.load(plugin)
        assert source.revision == git("rev-parse", "HEAD")
        assert source.created == datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)

    def test_commit_elsewhere_changes_nothing(self, plugin, git):
        before = PluginSource.load(plugin)
        (plugin.parent / "README").write_text("hello")
        git("add", "README")
        git("commit", "-qm", "second")
        assert PluginSource.load(plugin) == before

    def test_changed_elsewhere_is_not_dirty(self, plugin, git):
        (plugin.parent / "README").write_text("hello")
        assert not PluginSource.load(plugin).revision.endswith("-dirty")

    @pytest.mark.parametrize("path", ["src/plugin/main.py", "src/plugin/new.py"])
    def test_dirty(self, plugin, git, path):
        (plugin / path).write_text("changed")
        source = PluginSource.load(plugin)
        assert source.revision == git("rev-parse", "HEAD") + "-dirty"
        assert source.created > datetime(2025, 1, 1, tzinfo=UTC)

    def test_never_committed(self, plugin):
        subprocess.run(["git", "init", "-q", plugin], check=True)
        assert PluginSource.load(plugin).revision is None

    def test_inside_a_hook_of_another_repository(self, plugin, git, monkeypatch):
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        assert PluginSource.load(plugin).revision == git("--git-dir=.git", "rev-parse", "HEAD")

    def test_without_git(self, plugin, git, monkeypatch):
        monkeypatch.setenv("PATH", "/nowhere")
        assert PluginSource.load(plugin).revision is None

    def test_the_repositorys_own_folder_is_no_part_of_the_source(self, plugin):
        """A plugin's repository often begins where its Dockerfile lies."""

        def run(*arguments):
            author = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
            subprocess.run(["git", "-C", plugin, *author, *arguments], check=True, capture_output=True)

        before = digest(plugin)
        run("init")
        run("add", ".")
        run("commit", "-m", "first")
        run("tag", "v0.1.0")
        assert digest(plugin) == before
        (plugin / ".dockerignore").write_text("!.git\n")
        assert ".git/HEAD" in {entry.path for entry in context.entries(plugin)}

    def test_a_status_that_fails_is_not_clean(self, plugin, git, tmp_path, monkeypatch):
        real = shutil.which("git")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "git").write_text(
            f'#!/bin/sh\ncase "$*" in *" status "*) exit 128;; esac\nexec {real} "$@"\n'
        )
        (tmp_path / "bin" / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        assert PluginSource.load(plugin).revision.endswith("-dirty")

    def test_source_date_epoch(self, plugin, git, monkeypatch):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
        assert PluginSource.load(plugin).created == datetime(1970, 1, 2, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("remote", "shown"),
        [
            (
                "https://user:hunter2@example.com/team/plugin.git?x=hunter2",
                "https://example.com/team/plugin.git",
            ),
            ("https://example.com:8443/plugin", "https://example.com:8443/plugin"),
            ("git@example.com:team/plugin.git", "ssh://example.com/team/plugin.git"),
            ("ssh://git@example.com/plugin", "ssh://example.com/plugin"),
            ("/srv/git/plugin", None),
            ("file:///srv/git/plugin", None),
            ("ssh://git@example.com:team/plugin.git", None),
            ("https://[::1]:8080/plugin.git", "https://[::1]:8080/plugin.git"),
            ("https://[::1/plugin.git", None),
        ],
    )
    def test_remote_without_credentials(self, plugin, git, remote, shown):
        git("remote", "add", "origin", remote)
        assert PluginSource.load(plugin).url == shown


def test_a_byte_order_mark_is_no_part_of_a_file(plugin):
    (plugin / ".env").write_text("KEY=secret")
    (plugin / ".dockerignore").write_bytes(b"\xef\xbb\xbf.env\r\n")
    (plugin / "Dockerfile").write_bytes(b"\xef\xbb\xbfFROM python:3.11\r\nCOPY src /src\r\n")
    (plugin / "src/VERSION").write_bytes(b"\xef\xbb\xbf0.1.0\r\n")
    assert ".env" not in {entry.path for entry in context.entries(plugin)}
    source = PluginSource.load(plugin)
    assert (source.version, source.base({})) == ("0.1.0", "python:3.11")


class TestGivenVersion:
    def test_it_is_released_and_the_file_stays(self, plugin):
        source = PluginSource.load(plugin, lambda written: f"{written}.dev3")
        assert (source.version, source.given) == ("0.1.0.dev3", "0.1.0.dev3")
        assert source.digest == PluginSource.load(plugin).digest
        with source.archive() as file, tarfile.open(fileobj=file) as tar:
            assert tar.extractfile("src/VERSION").read() == b"0.1.0.dev3\n"
            assert tar.extractfile("src/plugin/main.py").read() == b"print('hello')\n"
        assert (plugin / "src/VERSION").read_text() == "0.1.0\n"

    def test_the_one_that_is_written_replaces_nothing(self, plugin):
        source = PluginSource.load(plugin, str)
        assert (source.version, source.given) == ("0.1.0", None)
        source.write_version()
        assert (plugin / "src/VERSION").read_text() == "0.1.0\n"

    def test_it_is_written_on_request(self, plugin):
        source = PluginSource.load(plugin, lambda _: "0.2.0")
        source.write_version()
        assert PluginSource.load(plugin).version == "0.2.0"
        (plugin / "src/VERSION").unlink()
        (plugin / "src/VERSION").mkdir()
        with pytest.raises(SourceError, match=r"src/VERSION: cannot be written") as caught:
            source.write_version()
        assert caught.value.advice == "Write 0.2.0 into it"

    @pytest.mark.parametrize("version", ["latest", "", "-1", "0.1 0", "x" * 129])
    def test_it_is_a_tag(self, plugin, version):
        with pytest.raises(SourceError, match="src/VERSION"):
            PluginSource.load(plugin, lambda _: version)
