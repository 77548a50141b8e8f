"""What the plan remarks about a source."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from flows.images.source import PluginSource
from flows.images.source.dockerfile import parse
from flows.images.source.remarks import of_dockerfile, of_tags


class TestTags:
    @pytest.mark.parametrize(
        ("tags", "remarked"),
        [
            (["1.0.1"], True),
            (["v1.0.1"], True),
            (["release-1.0.1", "latest"], True),
            (["1.0.1", "1.0.0"], False),
            (["v1.0.0"], False),
            (["stable", "other-plugin/2.0.0"], False),
            ([], False),
        ],
    )
    def test_another_version(self, tags, remarked):
        found = list(of_tags("1.0.0", tags))
        assert len(found) == remarked
        if remarked:
            assert found[0].startswith(
                "src/VERSION: says 1.0.0, but the commit that is checked out has the git tag "
            )
            assert found[0].endswith("This release is 1.0.0.")

    @pytest.fixture
    def git(self, plugin):
        def git(*arguments):
            identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
            subprocess.run(["git", "-C", plugin, *identity, *arguments], check=True, capture_output=True)

        git("init", "-q")
        git("add", ".")
        git("commit", "-qm", "first")
        return git

    @pytest.mark.parametrize("options", [(), ("-a", "-m", "words")], ids=["light", "annotated"])
    @pytest.mark.parametrize("packed", [False, True])
    def test_of_the_commit_that_is_checked_out(self, plugin, git, options, packed):
        """The organisation's workflow tags the commit before the one that writes VERSION."""
        git("tag", *options, "0.1.1")
        if packed:
            git("pack-refs", "--all")
        (remark,) = PluginSource.load(plugin).contents.remarks
        assert "has the git tag 0.1.1" in remark
        (plugin / "README.md").write_text("later")
        git("add", ".")
        git("commit", "-qm", "second")
        assert PluginSource.load(plugin).contents.remarks == ()

    def test_a_link_in_the_place_of_the_tags_is_not_followed(self, plugin, git, tmp_path):
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/9.9.9").write_text("0" * 40)
        tags = plugin / ".git/refs/tags"
        tags.rmdir()
        tags.symlink_to(tmp_path / "outside")
        assert PluginSource.load(plugin).contents.remarks == ()


class TestDockerfile:
    @pytest.mark.parametrize(
        ("run", "line"),
        [
            ("RUN pip install -r a.txt \\\n    python3 setup.py install", 2),
            ("RUN apt-get update && \\\n  apt-get install -y git \\\n  rm -rf /var/lib/apt/lists/*", 3),
            ("RUN apt-get update \\\n  # why\n\n  apt-get install -y git", 4),
            ("RUN mkdir /x \\\n cd /x && \\\n ls", 2),
            ("RUN --network=none echo a \\\n  export A=1", 2),
        ],
    )
    def test_a_command_that_is_only_an_argument(self, run, line):
        (remark,) = of_dockerfile(parse(f"FROM a\n{run}"), Path("Dockerfile"))
        assert remark.startswith(
            f"Dockerfile: line {line + 1} continues the command of the line before it, so `"
        )
        assert remark.endswith("end the line before it with `&& \\`.")

    @pytest.mark.parametrize(
        "run",
        [
            "RUN apt-get update && \\\n  apt-get install -y \\\n    git \\\n    python3 \\\n tar xz-utils \\\n curl",
            "RUN a; \\\n rm -rf /x",
            "RUN a \\\n && rm -rf /x",
            "RUN a || \\\n rm -rf /x",
            "RUN if a; then \\\n rm -rf /x; \\\n fi",
            "RUN ( \\\n rm -rf /x )",
            "RUN { \\\n echo a; \\\n }",
            "RUN sh -c \\\n 'a \\\n rm -rf /x'",
            "RUN find . -exec \\\n rm -rf {} +",
            "RUN find / | xargs \\\n rm -rf",
            'RUN ["a", \\\n "rm -rf"]',
            "RUN <<EOF\na \\\nrm -rf x\nEOF",
            "RUN pip install \\\n  --no-cache-dir \\\n  -r a.txt",
            "RUN a \\\n  --python python3 \\\n  uv ruff \\\n  unzip wget curl",
            "ENV A=b \\\n  rm -rf x",
            'RUN echo "a \\\n rm -rf /x"',
        ],
    )
    def test_what_is_meant_so(self, run):
        assert list(of_dockerfile(parse(f"FROM a\n{run}"), Path("Dockerfile"))) == []

    @pytest.mark.parametrize("run", ["RUN pip install x \\", "RUN a && \\", "RUN a \\\n\n# why"])
    def test_an_instruction_that_is_only_an_argument(self, run):
        (remark,) = of_dockerfile(parse(f"FROM a\n{run}\nCOPY src /src\nUSER 1"), Path("Dockerfile"))
        assert (
            "so `COPY src /src` is only an argument there; remove the \\ at the end of that line." in remark
        )

    def test_an_operator_without_a_command(self):
        (remark,) = of_dockerfile(parse("FROM a\nRUN a && \\\n"), Path("Dockerfile"))
        assert remark == "Dockerfile: the RUN at line 2 ends with && and nothing after it; remove it."


INSTALLED = (
    "FROM scratch\nCOPY src /tmp/src\nWORKDIR /tmp/src\nRUN python3 setup.py install && rm -rf /tmp/*\n"
)
START = 'ENTRYPOINT ["spaceone"]\nCMD ["run", "plugin-server", "plugin"]\n'


class TestPackageData:
    @pytest.fixture
    def remarks(self, plugin):
        def remarks(setup, dockerfile=INSTALLED + START, **files):
            for name in (
                "plugin/__init__.py",
                "plugin/metadata/ec2/instance.yaml",
                "plugin/metadata/vpc.yaml",
            ):
                (plugin / "src" / name).parent.mkdir(parents=True, exist_ok=True)
                (plugin / "src" / name).write_text("")
            for name, text in files.items():
                (plugin / "src" / name.replace("_in", ".in")).write_text(text)
            (plugin / "src/setup.py").write_text(setup)
            (plugin / "Dockerfile").write_text(dockerfile)
            return PluginSource.load(plugin).contents.remarks

        return remarks

    def test_yaml_that_an_installation_leaves_out(self, plugin, remarks):
        (remark,) = remarks("setup(packages=find_packages(), zip_safe=False)")
        assert remark == (
            f"{plugin / 'src/plugin/metadata/ec2/instance.yaml'} and 1 more: the Dockerfile installs the package, and "
            "an installation takes no YAML that package_data of setup() does not name; add there "
            "{'plugin': ['**/*.yaml']}."
        )

    @pytest.mark.parametrize(
        "data",
        [
            "package_data={'plugin': ['metadata/*.yaml']}",  # one folder too few
            "package_data={'other': ['**/*.yaml']}",
            "package_data={'plugin': ['**/*.json']}",
            "include_package_data=True",  # without MANIFEST.in
        ],
    )
    def test_package_data_that_does_not_name_all(self, remarks, data):
        (remark,) = remarks(f"setup(packages=find_packages(), {data})")
        assert "metadata/ec2/instance.yaml" in remark

    @pytest.mark.parametrize(
        "data",
        [
            "package_data={'plugin': ['metadata/*.yaml', 'metadata/*/*.yaml']}",
            "package_data={'plugin': ['metadata/**/*.yaml']}",
            "package_data={'': ['**/*.yaml']}",
            "package_data=DATA",
            "data_files=[('x', ['y'])]",
        ],
    )
    def test_package_data_that_names_it(self, remarks, data):
        assert remarks(f"setup(packages=find_packages(), {data})") == ()

    def test_manifest_in(self, remarks):
        setup = "setup(packages=find_packages(), include_package_data=True)"
        assert remarks(setup, MANIFEST_in="recursive-include plugin *.yaml\n") == ()
        assert remarks(setup, MANIFEST_in="include README.md\n") != ()

    @pytest.mark.parametrize(
        ("run", "remarked"),
        [
            ("RUN pip install .", True),
            ("RUN pip3 install --no-cache-dir -r pip_requirements.txt /tmp/src", True),
            ("RUN pip install ${SRC_DIR}", True),
            ("RUN pip install -e .", False),
            ("RUN pip install -r ./pip_requirements.txt", False),
            ("RUN pip install grpcio", False),
            ("RUN true", False),
        ],
    )
    def test_only_where_the_package_is_installed(self, remarks, run, remarked):
        dockerfile = f"FROM scratch\nCOPY src /tmp/src\n{run}\n{START}"
        assert bool(remarks("setup(packages=find_packages())", dockerfile)) is remarked

    def test_a_plugin_that_runs_where_it_was_copied(self, remarks):
        assert (
            remarks("setup(packages=find_packages())", INSTALLED + 'CMD ["python3", "-m", "plugin"]\n') == ()
        )
