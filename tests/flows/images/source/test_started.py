import pytest

from flows.images.source.dockerfile import parse
from flows.images.source.started import Started, find_server

WEBHOOK = "from spaceone.monitoring.plugin.webhook.lib.server import WebhookPluginServer\n"


@pytest.fixture
def source(tmp_path):
    """What a Dockerfile's end starts, with these files."""

    def source(end, **files):
        for name, text in files.items():
            path = tmp_path / "src" / name / "main.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return find_server(tmp_path, parse(f"FROM python:3.11\n{end}\n"))

    return source


@pytest.mark.parametrize(
    "end",
    [
        'ENTRYPOINT ["spaceone"]\nCMD ["run", "plugin-server", "plugin"]',
        'CMD ["spaceone", "run", "plugin-server", "plugin"]',
        "CMD spaceone run plugin-server plugin",
        'ENTRYPOINT ["spaceone", "run", "plugin-server"]\nCMD ["plugin"]',
    ],
)
def test_a_plugin_server_is_of_the_kind_that_its_main_imports(source, tmp_path, end):
    found = source(end, plugin=f"import logging\n{WEBHOOK}app = WebhookPluginServer()\n")
    assert found == Started("spaceone.monitoring.plugin.webhook", tmp_path / "src/plugin/main.py")
    assert found.sure


@pytest.mark.parametrize(
    "words", ['["grpc", "spaceone.monitoring"]', '["run", "grpc-server", "spaceone.monitoring"]']
)
def test_a_service_of_the_old_style(source, tmp_path, words):
    found = source(f'ENTRYPOINT ["spaceone"]\nCMD {words}')
    assert found == Started("spaceone.monitoring", tmp_path / "Dockerfile")
    assert not found.sure


COLLECTOR = "from spaceone.inventory.plugin.collector.lib.server import CollectorPluginServer\n"


@pytest.mark.parametrize(
    ("end", "files"),
    [
        ('ENTRYPOINT ["python", "-m", "plugin"]', {"plugin": WEBHOOK}),
        ('CMD ["spaceone", "run", "plugin-server", "plugin"]', {}),
        ('CMD ["spaceone", "run", "plugin-server", "plugin"]', {"plugin": WEBHOOK + COLLECTOR}),
        ('CMD ["spaceone", "run", "plugin-server", "plugin"]', {"plugin": f"# {WEBHOOK}"}),
        ('CMD ["spaceone", "run", "plugin-server", "../x"]', {"plugin": WEBHOOK}),
        ('CMD ["spaceone", "run", "plugin-server"]', {"plugin": WEBHOOK}),
        ('CMD ["spaceone", "run", "plugin-server", "plugin"]\nFROM scratch', {"plugin": WEBHOOK}),
        ("", {"plugin": WEBHOOK}),
    ],
)
def test_what_is_not_clear(source, end, files):
    assert source(end, **files) is None


def test_a_link_out_of_the_source_is_not_read(tmp_path, source):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/plugin").symlink_to(tmp_path.parent)
    (tmp_path.parent / "main.py").write_text(WEBHOOK)
    assert source('CMD ["spaceone", "run", "plugin-server", "plugin"]') is None
