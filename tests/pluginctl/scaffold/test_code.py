from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from pluginctl.scaffold import code
from pluginctl.scaffold.code import read_code


@pytest.fixture
def read(tmp_path):
    def read(text: str, name: str = "main.py"):
        (tmp_path / "src").mkdir(exist_ok=True)
        (tmp_path / "src" / name).write_text(text)
        return read_code(tmp_path, "src")

    return read


@pytest.mark.parametrize(
    "text",
    [
        'PROVIDER = "acme"',
        'PROVIDER: Final = "acme"',
        'class A:\n    provider = "acme"',
        'cst.provider = "acme"',
        'provider = StringType(default="acme")',
        'make(provider="acme")',
        'x = {"provider": "acme"}',
        'KEY = "inventory.CloudService:acme.Group.Type"',
    ],
)
def test_the_provider_is_told_by_the_code(read, text):
    assert read(text).provider == "acme"


def test_the_provider_is_told_by_metadata(read):
    assert (
        read("resource_type: inventory.CloudServiceType:google_cloud.A.B\n", "m.yaml").provider
        == "google_cloud"
    )


def test_the_one_that_is_named_most_often_counts(read):
    assert read('a(provider="x")\nb(provider="y")\nc(provider="y")\n').provider == "y"


def test_two_that_are_named_as_often_tell_nothing(read):
    assert read('a(provider="x")\nb(provider="y")\n').provider is None


@pytest.mark.parametrize(
    "text", ["", 'x(provider="provider")', 'provider = f"{x}"', 'provider = "A B"', "provider = 1"]
)
def test_what_is_no_provider(read, text):
    assert read(text).provider is None


def test_the_fields_of_the_secret(read):
    found = read(
        'a = secret_data["user"]\nb = params["secret_data"]["key"]\nc = self.secret_data.get("region", "x")\n'
        'if "proxy" in secret_data: pass\nd = secret_data["proxy"]\ne = secret_data[name]\nf = other["no"]\n'
        'g = secret_data["a b"]\nh = secret_data.get()\ni = secret_data.values()\n'
    )
    assert found.secret_fields() == {"key": True, "proxy": False, "region": False, "user": True}


def test_many_fields_are_cut(read):
    text = "".join(f'secret_data["f{number:03}"]\n' for number in range(100))
    assert len(read(text).secret_fields()) == code.MAX_FIELDS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "from spaceone.inventory.plugin.collector.lib.server import CollectorPluginServer",
            "inventory.Collector",
        ),
        (
            "from spaceone.monitoring.plugin.webhook.lib.server import WebhookPluginServer",
            "monitoring.Webhook",
        ),
        ("import spaceone.cost_analysis.plugin.data_source", "cost_analysis.DataSource"),
        ("import spaceone.core", None),
        ("from . import x", None),
    ],
)
def test_the_kind_is_told_by_imports(read, text, found):
    assert read(text).plugin_type == found


@pytest.mark.parametrize(
    "text",
    [
        "def broken(:",
        "x = " + "(" * 500 + ")" * 500,
        "x = " + "-" * 20_000 + "1",
        "x" * 100_000,
        "\0",
        "#" + "x" * code.MAX_FILE_BYTES,
    ],
)
def test_a_file_that_cannot_be_read_is_left_out(tmp_path, text):
    (tmp_path / "bad.py").write_text(text)
    (tmp_path / "good.py").write_text('PROVIDER = "acme"')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_code(tmp_path, ".").provider == "acme"


def test_a_wrong_escape_prints_nothing(read, capfd):
    read('PROVIDER = "acme"\nx = "\\d"\n')
    assert capfd.readouterr() == ("", "")


def test_nothing_outside_is_read(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    for folder in (outside, inside, inside / ".hidden", inside / "node_modules"):
        folder.mkdir()
    for path in (outside / "a.py", inside / ".hidden/a.py", inside / "node_modules/a.py"):
        path.write_text('PROVIDER = "acme"')
    (inside / "link").symlink_to(outside)
    (inside / "link.py").symlink_to(outside / "a.py")
    os.mkfifo(inside / "pipe.py")
    assert read_code(inside, ".").provider is None
    (inside / "src").symlink_to(outside)
    assert read_code(inside, "src").provider is None


def test_a_large_repository_is_read_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "MAX_FILES", 3)
    for number in range(10):
        (tmp_path / f"{number}.py").write_text('PROVIDER = "acme"')
    assert read_code(tmp_path, ".").providers["acme"] == 3
    monkeypatch.setattr(code, "MAX_ENTRIES", 5)
    assert read_code(tmp_path, ".").provider is None


def test_without_a_folder_there_is_nothing(tmp_path: Path):
    assert read_code(tmp_path, "src").provider is None
