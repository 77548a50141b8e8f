"""The images that plugins on SpaceONE's own framework are built on, made here in place of `cloudforet/python-core`.

They hold the framework in the versions of the sandbox's services, which are locked and already here: the environment of
those is taken, without what only the services need. What plugins of other kinds import is added (tests/plugins/bases).
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sandbox import images
from sandbox.engine import base_image, building, installed
from sandbox.machine.layout import Layout
from sandbox.machine.progress import Lines
from sandbox.spaceone.generations import GENERATIONS

_FILES = Path(__file__).parent / "plugins/bases"
_DOCKERFILE = """\
ARG BASE
FROM ${{BASE}} AS services
COPY without.py without.txt requirements.txt /tmp/
RUN python /tmp/without.py /opt/venv /image/opt/venv /tmp/without.txt \\
 && /image/opt/venv/bin/python -m pip install -qq --no-input --no-cache-dir --disable-pip-version-check --no-deps \\
        --require-hashes --requirement /tmp/requirements.txt
FROM {base}
COPY --from=services /image /
ENV PATH=/opt/venv/bin:$PATH
"""


def framework(home: Path, generation: str) -> str:
    """The name of the image with the framework of a generation, present on the engine.

    Args:
        home: The folder of the tests' sandboxes.
        generation: 2.x: for `spaceone run plugin-server`, with what collectors, webhooks and cost data sources import.
            1.12: for `spaceone grpc`; without spaceone-inventory, since such a plugin is that package itself.
    """
    layout, progress = Layout.of(home, generation), Lines()
    with closing(installed.ensure(layout.engine, progress)) as engine:
        base = base_image.ensure(engine, layout, progress)
        services = images.services(engine, base, generation, GENERATIONS[generation].requirements, progress)
        more = _FILES / f"{generation}.txt"
        files = {
            "Dockerfile": _DOCKERFILE.format(base=base).encode(),
            "without.py": (_FILES / "without.py").read_bytes(),
            "without.txt": (_FILES / f"{generation}.without").read_bytes(),
            "requirements.txt": more.read_bytes() if more.exists() else b"",
        }
        what = f"plugins on the framework of {generation}"
        return building.build(engine, f"framework-{generation}", files, services, progress, what)
