"""What a terminal gets: whatever a name holds, no control character but those of the command's own layout."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from rich.text import Text
from typer.testing import CliRunner

from flows.errors import Cause, PipelineError
from flows.preview import PAIR, Preview, Section
from flows.resources import Action, FieldChange, Plan, Verb
from flows.spaceone import Service
from flows.steps.inspection import NoSuchResource
from flows.steps.runner import Step
from flows.text import markdown, printable
from pluginctl import app as entry
from pluginctl.commands import api_resources, demo, sandbox, show
from pluginctl.exit_codes import exit_on_error, tell
from pluginctl.output import (
    Output,
    Terminal,
    emit,
    emit_bytes,
    emit_json,
    literal,
    literal_lines,
    message_console,
    result_console,
)
from pluginctl.runner import TerminalRunner
from pluginctl.spinner import TerminalProgress
from pluginctl.tables import plan_table, show_report
from sandbox.lifecycle import Service as Part
from sandbox.logs import Line
from tests.reports import collected, delivered, kind, report

HOSTILE = [
    "\x1b]0;owned\x07",
    "\x1b]8;;http://a.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H",
    "\x1b[8mhidden\x1b[0m",
    "\x9b2J",
    "\x9d0;owned\x9c",
    "a\rb",
    "a\x08\x08b",
    "a\x7fb\x00c",
    "two\nlines",
    "user\u202etxt.exe",
    "a\u2066b\u2069",
    "ad\u200bmin",
    "line\u2028separator\u2029x\x85y",
    "[link=http://a.example]x[/link]",
    "[\x1b[red]x[/]",
    "\ufeffx\U000e0041",
]
#: What rich writes itself: styles, the cursor of the spinner, and erased lines.
OWN = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[1A|\x1b\[2K|\r(?=\x1b\[|\n|$)")


def check(said):
    """No control character is in what was written but line breaks and tabs, and rich's own."""
    text = OWN.sub("", said)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", text)
    assert not re.search(r"\U000e0041|\x1b\]", said)


@pytest.fixture
def name():
    """All of it in one name."""
    return " ".join(HOSTILE)


@pytest.fixture(params=["1", ""], ids=["terminal", "file"])
def stream(request, monkeypatch):
    """Whether standard output is a terminal."""
    monkeypatch.setenv("FORCE_COLOR", request.param)
    monkeypatch.setenv("COLUMNS", "900")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return bool(request.param)


def plan(name):
    change = FieldChange(name, {name: name}, {name: f"{name}!"})
    updated = Action("provider", name, Verb.UPDATE, (change,), notes=(name,))
    TerminalRunner(message_console()).planned(Plan((updated, Action("plugin", name, Verb.CREATE, (change,)))))


def result(name):
    rows = collected(columns=(name, "b"), rows=((name, "1"),), by_type={name: 1})
    show_report(
        result_console(),
        report(
            collected=rows,
            delivered=delivered(),
            actions=(Action("plugin", name, Verb.CREATE),),
            plugin_id=name,
            version=name,
        ),
    )


def failed(name):
    show_report(result_console(), report(collected=collected(name), plugin_id=name))


def published(name):
    show_report(result_console(), report(collected=None, plugin_id=name, version=name))


def error(name):
    tell(PipelineError(name, name, details=(name,)))


def step(name):
    runner = TerminalRunner(message_console())
    runner.run(Step(kind("build image"), lambda: runner.output(name), subject=name, outcome=lambda _: name))
    runner.retrying(name)
    TerminalRunner(message_console(), verbose=True).output(name)


def failing(name):
    with pytest.raises(ValueError, match="x"):
        TerminalRunner(message_console()).run(Step(kind("plan"), lambda: int("x"), subject=name))


def progress(name):
    with TerminalProgress(message_console()) as shown:
        with shown.step(name):
            shown.say(name)
        with pytest.raises(ValueError, match="x"), shown.step(name):
            raise ValueError("x")


def preview(name):
    pairs = Section(name, name, PAIR, ((name, name),))
    show._print(
        result_console(), Preview(name, pairs, pairs, (Section(name, "t", (name, "b"), ((name, name),)),))
    )


def remote(name):
    console = message_console()
    with console.status("release") as status:
        watcher = demo._Watcher(console, status, "http://host")
        watcher.started(SimpleNamespace(name=name, id=UUID(int=1)))
        watcher.waiting(name)
        state = SimpleNamespace(is_completed=lambda: True)
        watcher.ended(SimpleNamespace(name=name, state=state, total_run_time=timedelta(seconds=1)))
    cells = {"kind": "plugin", "name": markdown(name), "action": "create"}
    for completed in (True, False):
        artifacts = {"plan": [cells], "resources": [{markdown(name): markdown(name)}]}
        ended = SimpleNamespace(name=name, completed=completed, message=name, artifacts=artifacts)
        demo._show(result_console(), ended, 1)


def parts(name):
    service = Part(name, name, name, restarts=0, memory=1, container=name)
    sandbox._table(result_console(), name, [service])


def text_object(name):
    result_console().print(Text(name), {"a": name}, plan_table([Action("plugin", name, Verb.KEEP)]))
    result_console().out(name)
    result_console().rule(name)
    result_console().print(name, markup=False, soft_wrap=True)


PATHS = [plan, result, failed, published, error, step, failing, progress, preview, remote, parts, text_object]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
def test_a_name_is_shown_and_never_acts(capsys, stream, name, path):
    path(name)
    said = "".join(capsys.readouterr())
    check(said)
    assert ("\x1b[" in said) is stream


ONE_LINE = [each for each in HOSTILE if "\n" not in each]


@pytest.mark.parametrize("name", ONE_LINE, ids=printable)
@pytest.mark.parametrize("path", [plan, result, failed, published, error, remote, preview])
def test_a_name_can_be_read(capsys, monkeypatch, name, path):
    monkeypatch.setenv("COLUMNS", "500")
    path(name)
    said = " ".join("".join(capsys.readouterr()).split())
    shown = printable(name)
    if path is error:
        shown = shown.replace("\\x1b[0m", "")  # the end of a colour may be left out in lines of a log
    assert shown in said or printable(name) in said


@pytest.mark.parametrize("path", [plan, result, published, step, failing, parts, preview])
def test_a_line_break_makes_no_line_that_looks_like_ours(capsys, monkeypatch, path):
    monkeypatch.setenv("COLUMNS", "500")
    path("x\nhint: run this")
    said = "".join(capsys.readouterr())
    assert "x\\nhint: run this" in said
    assert not any(line.lstrip().startswith("hint:") for line in said.splitlines())


def test_further_lines_of_a_message_are_indented(capsys):
    tell(PipelineError("One\nhint: two", "Do\nerror: it", details=("a\nhint: b",)))
    assert capsys.readouterr().err == (
        "error: One\n    hint: two.\nhint: Do\n    error: it.\n    a\\nhint: b\n"
    )


class TestCommands:
    @pytest.fixture
    def run(self, tmp_path, monkeypatch, stream):
        environment = tmp_path / "here.yaml"
        environment.write_text("{}")
        monkeypatch.setenv("PLUGINCTL_SANDBOX_HOME", str(tmp_path))

        def run(command, *arguments):
            named = [str(environment)] if command == "api-resources" else []
            return CliRunner().invoke(entry.app, [command, *named, *arguments])

        return run

    def test_api_resources(self, run, monkeypatch, name):
        service = Service(name, name, name, (name,))
        monkeypatch.setattr(api_resources, "list_offers", lambda *_: [(service, {name: [name]})])
        check(run("api-resources").output)
        found = run("api-resources", "-o", "json").stdout
        check(found)
        assert json.loads(found)[name]["address"] == name

    def test_an_error_as_json(self, run, monkeypatch, name):
        def fail(*_):
            raise NoSuchResource(name, name, details=(name,))

        monkeypatch.setattr(api_resources, "list_offers", fail)
        done = run("api-resources", "-o", "json")
        check(done.stdout)
        check(done.stderr)
        assert json.loads(done.stdout)["error"]["details"] == [name]

    def test_logs(self, run, monkeypatch, name):
        lines = [Line("1", name, f"\x1b[32m{name}\x1b[0m")] * 2
        monkeypatch.setattr("sandbox.lifecycle.logs", lambda *_, **__: iter(lines))
        for names in ((), ("identity",)):
            check(run("sandbox", "logs", *names).stdout)

    def test_a_compose_file(self, run, monkeypatch, name):
        monkeypatch.setattr("sandbox.lifecycle.compose", lambda *_, **__: name)
        check(run("sandbox", "compose").stdout)


@pytest.mark.parametrize(
    "document",
    [
        {"name": "\x00\x1b\x7f\x9b\u202e\u2028\ufeff\ud800"},
        {"이름": "비트코인 👩\u200d💻 \U000e0041 $1,234 é"},
        [1, 2.5, None, True, {"a": ["\\u001b", '"', "\\"]}],
    ],
)
def test_json_is_valid_and_holds_what_it_was_given(capsys, document):
    emit_json(document)
    said = capsys.readouterr().out
    check(said.replace("\ud800", ""))
    assert json.loads(said) == document
    assert said.encode()


def test_json_leaves_letters_as_they_are(capsys):
    emit_json({"name": "비트코인 é"})
    assert "비트코인 é" in capsys.readouterr().out


class Screen(io.TextIOWrapper):
    """A stream that says whether it is a terminal."""

    def __init__(self, terminal):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize(("terminal", "passed"), [(True, "a\n\\x1b[2J\\xff\n"), (False, "a\n\x1b[2J\xff\n")])
def test_another_programs_output_is_changed_for_a_terminal_alone(monkeypatch, terminal, passed):
    screens = Screen(terminal), Screen(terminal)
    monkeypatch.setattr(sys, "stdout", screens[0])
    monkeypatch.setattr(sys, "stderr", screens[1])
    emit_bytes(b"a\n\x1b[2J\xff\n", b"a\n\x1b[2J\xff\n")
    assert [screen.buffer.getvalue().decode("latin-1") for screen in screens] == [passed, passed]


def test_a_bug_is_a_traceback_that_acts_on_nothing(monkeypatch, capsys, name):
    def fail():
        raise ValueError(name)

    monkeypatch.setattr(entry, "app", fail)
    monkeypatch.setattr(entry.signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    check(said)
    assert said.startswith("Traceback (most recent call last)")


def test_text_that_this_project_writes_is_unchanged(capsys):
    emit("a\n\tb ✓\n")
    Terminal().print("[bold]a[/] ✓ → 비", highlight=False)
    Terminal().print(f"{literal('[red]a[/]')} {literal_lines('b')}", highlight=False)
    assert capsys.readouterr().out == "a\n\tb ✓\na ✓ → 비\n[red]a[/] b\n"


def test_a_link_is_a_control_sequence_too():
    console = Terminal(file=io.StringIO(), force_terminal=True)
    console.print("[bold link=http://a.example]x[/]")
    assert console.file.getvalue() == "\x1b[1mx\x1b[0m\n"


def test_exit_on_error_shows_a_message_of_somebody_else(capsys, name):
    class Refused(PipelineError):
        code = "refused"
        cause = Cause.REFUSED

    with pytest.raises(entry.typer.Exit), exit_on_error(Output.JSON):
        raise Refused(name)
    said = capsys.readouterr()
    check(said.out)
    check(said.err)


def test_no_other_module_writes(checkout):
    """A new command cannot forget the borders: only pluginctl/output.py has a stream."""
    streams = {"sys.stdout", "sys.stderr", "typer.echo", "typer.secho", "rich.print"}
    imports = {"rich.markup", "rich.console", "rich.text"}
    for path in sorted((checkout / "pluginctl").rglob("*.py")):
        if path.name == "output.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            used = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
            assert used not in streams | {"print", "Console"}, f"{path}: {used}; use pluginctl.output"
            if isinstance(node, ast.ImportFrom):
                assert node.module not in imports, f"{path}: {node.module}; use pluginctl.output"
