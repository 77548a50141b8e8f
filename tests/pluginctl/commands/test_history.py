from flows.steps.releases import ReleasedVersion, Releases
from pluginctl.commands import history

ONE = ReleasedVersion(
    "0.1.0", "", "", f"sha256:{'1' * 64}", f"sha256:{'a' * 64}", in_registry=False, in_use=False
)
TWO = ReleasedVersion(
    "0.2.0",
    "2026-11-26T10:30:59Z",
    "pluginctl [x]",
    f"sha256:{'2' * 64}",
    f"sha256-files:{'b' * 64}",
    in_registry=True,
    in_use=True,
)


def test_a_line_says_when_from_what_and_whether_it_is_in_use(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    history._print(Releases("sandbox", "plugin-x", (TWO, ONE)))
    title, _, second, first = capsys.readouterr().out.splitlines()
    assert title.strip() == "plugin-x in sandbox"
    assert second.split() == [
        *("0.2.0", "2026-11-26", "10:30", "2" * 12, "b" * 12),
        *("in", "use", "pluginctl", "[x]"),
    ]
    assert first.split() == ["0.1.0", "1" * 12, "a" * 12, "image", "is", "gone"]


def test_without_a_record_it_says_so(capsys):
    history._print(Releases("sandbox", "plugin-x", ()))
    assert "no record of a release of plugin-x" in capsys.readouterr().out
