"""Files of somebody else, in every form: a dry run ends in a plan or in one message, and reads nothing but them."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.errors import PipelineError
from flows.manifest import load_environment
from flows.steps.release import ReleaseRequest, release
from tests.flows.steps.conftest import Recorder

SECONDS = 2
BYTES = 200 * 10**6
FILES = [
    "source/src/VERSION",
    "source/Dockerfile",
    "source/.dockerignore",
    "source/src/setup.py",
    "source/pkg/pip_requirements.txt",
    "manifest/register_plugin.yaml",
    "manifest/create_service_account.yaml",
    "manifest/create_collector.yaml",
    "manifest/more.yaml",
    "environment.yaml",
]
#: What makes parsers of these languages work, fail, or work too hard.
PIECES = st.sampled_from(
    [
        *(
            "FROM",
            "COPY",
            "ADD",
            "ARG",
            "ENV A=b",
            "RUN ",
            "--from=0",
            "$A",
            "${A:-b}",
            "\\\n",
            "<<EOF",
            "# escape=`\n",
        ),
        *("**/", "*", "?", "[a-z]", "[^", "!", "../", "/", "\\", ".", "#"),
        *(
            "name: ",
            "image: ",
            "- ",
            "? ",
            ": ",
            "---\n",
            "&a ",
            "*a",
            "[",
            "]",
            "{",
            "}",
            "<<: ",
            "!!python/x ",
            "|\n ",
        ),
        *("2030-01-01", "0777", "12:30", "NO", "1e3", ".inf", "~", "'", '"', "%YAML 1.1\n", "\t", "\n", "  "),
        *("extends: ", "endpoints: ", "token_variable: ", "${HOME}", "${PLUGINCTL_TOKEN}", "@/etc/passwd"),
        *(
            "secret_data: {a: {from_file: ../x}}",
            "secret_data: {a: {from_env: HOME}}",
            "plugin_info: {options: ",
        ),
        *(
            "setup(",
            "version=",
            "(",
            "-",
            "lambda: ",
            "0.1.0",
            "latest",
            "\0",
            "\x1b[2J",
            "\u202e",
            "\ufeff",
            "\x85",
        ),
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=30).map("".join),
    st.tuples(PIECES, st.sampled_from([50, 900, 50_000])).map(lambda each: (each[0] * each[1])[:200_000]),
    st.text(max_size=200),
).map(lambda text: text.encode("utf-8", "surrogatepass"))
CONTENTS = st.one_of(TEXTS, TEXTS, TEXTS, st.binary(max_size=200))
LINKS = st.sampled_from(
    ["../../outside", "/etc/passwd", "/dev/zero", "/proc/self/environ", ".", "VERSION", "a\nb"]
)

#: Folders of Python itself, which reads its modules when they are first needed.
OWN = tuple(
    os.path.realpath(path)
    for path in {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, Path(__file__).parents[3]}
)
_WATCHED = {"open", "os.mkdir", "os.remove", "os.rename", "subprocess.Popen", "socket.connect"}


class Watch:
    """What happens while it is on: files opened and changed, programs started, connections."""

    def __init__(self):
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)  # it stays for the process

    def _hear(self, event, arguments):
        if self.on and event in _WATCHED:
            what = arguments[0] if isinstance(arguments[0], int) else os.fsdecode(str(arguments[0]))
            self.seen.append(f"{event} {what} {arguments[1] if event == 'open' else ''}")


class Memory:
    """How much more of it than at first this process has had at one time. Linux counts, and forgets on request."""

    STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")

    def __enter__(self):
        if self.FORGET.exists():
            self.FORGET.write_text("5")
        self._before = self._bytes("VmRSS")
        return self

    def __exit__(self, *_):
        self.most = self._bytes("VmHWM") - self._before

    def _bytes(self, name):
        if not self.STATUS.exists():
            return 0
        (line,) = (line for line in self.STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
        return int(line.split()[1]) * 1024


def test_the_most_memory_is_seen():
    if not Memory.FORGET.exists():
        pytest.skip("only Linux counts it")
    with Memory() as memory:
        bytearray(BYTES).count(1)
    assert memory.most > 0.9 * BYTES
    with Memory() as memory:
        pass
    assert memory.most < 0.1 * BYTES


@pytest.fixture(scope="module")
def watch():
    return Watch()


@pytest.fixture
def original(checkout, tmp_path):
    shutil.copytree(checkout / "plugin", tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(checkout / "deployments/portfolio", tmp_path / "manifest")
    (tmp_path / "environment.yaml").write_text("registry: {type: HARBOR}\nattestations: false\n")
    return tmp_path


def dry_run(folder):
    """The words with which a dry run ends."""
    try:
        environment = load_environment("environment", folder)
        request = ReleaseRequest(environment, folder / "source", folder / "manifest", dry_run=True)
        return release(request, Recorder()).planned.plan.summary()
    except PipelineError as error:
        return str(error)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@given(st.sampled_from(FILES), CONTENTS | LINKS.map(str))
@settings(max_examples=1000, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_dry_run_ends_in_a_plan_or_a_message(original, world, watch, file, content):
    with tempfile.TemporaryDirectory(dir=original) as name:
        folder = Path(name)
        for each in ("source", "manifest", "environment.yaml"):
            _copy(original / each, folder / each)
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(content) if isinstance(content, str) else path.write_bytes(content)
        watch.seen.clear()
        with Memory() as memory:
            watch.on, started = True, time.process_time()
            try:
                words = dry_run(folder)
            finally:
                watch.on, seconds = False, time.process_time() - started
    assert seconds < SECONDS
    assert memory.most < BYTES
    assert len(words) < 5000
    assert words.replace("\n", "").isprintable()
    assert [event for event in watch.seen if not _is_harmless(event, str(folder))] == []


def _copy(source, target):
    shutil.copytree(source, target, copy_function=os.link) if source.is_dir() else shutil.copy(source, target)


def _is_harmless(event, folder):
    kind, _, rest = event.partition(" ")
    path, _, mode = rest.rpartition(" ")
    if kind != "open" or any(letter in mode for letter in "wax+"):
        return False
    # Below the folder, by a name that is relative to an open folder, or of Python.
    return "/" not in path or path.startswith((folder, *OWN))
