"""The images that plugins of the tests are built on.

Plugins on SpaceONE's own framework have one in place of `cloudforet/python-core`. It holds the framework in the
versions of the sandbox's services, which are locked and already here: the environment of those is taken, without what
only the services need. What plugins of other kinds import is added (tests/plugins/bases).

Copies of the portfolio plugin have one with all that it imports. The engine reads and packs each new image in full, and
the tests make many.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from sandbox import images
from sandbox.engine import base_image, building, installed
from sandbox.machine.layout import Layout
from sandbox.machine.progress import Lines
from sandbox.spaceone.generations import GENERATIONS

_FILES = Path(__file__).parent / "plugins/bases"
_PLUGIN = Path(__file__).parents[1] / "plugin"
#: The first lines are those of the plugin's own Dockerfile, whose cached steps are used.
_PORTFOLIO = """\
{packages}
COPY plugin /opt/plugin/plugin
# Compiled for what a copy leaves as it is; a changed file is compiled again, when it is imported.
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode checked-hash /opt/plugin \\
 && find /opt/plugin -name '*.py' -delete \\
 && rm -rf /usr/share/doc /usr/share/locale /usr/share/zoneinfo /usr/share/python-wheels /usr/share/perl* \\
        /usr/lib/*/perl* /usr/lib/*/gconv /usr/lib/python3.11/pydoc_data /usr/lib/python3.11/lib2to3 /usr/bin/perl* \\
        /var/lib/dpkg/info
# As one layer, without what was removed.
FROM scratch
COPY --from=packages / /
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
    PYTHONUNBUFFERED=1 \\
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/plugin
USER 65532:65532
EXPOSE 50051
ENTRYPOINT ["python", "-m", "plugin"]
"""
_COPY = """\
FROM {base}
COPY src/VERSION /opt/plugin/VERSION
COPY src/plugin /opt/plugin/plugin
"""
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


def portfolio(home: Path) -> str:
    """The Dockerfile of a copy of the portfolio plugin, on an image with its packages that is present on the engine.

    Args:
        home: The folder of the tests' sandboxes.
    """
    layout, progress = Layout.of(home, "2.x"), Lines()
    with closing(installed.ensure(layout.engine, progress)) as engine:
        base = base_image.ensure(engine, layout, progress)
        packages = (_PLUGIN / "Dockerfile").read_text().partition("COPY src/VERSION")[0]
        packages = re.sub(r"(?m)^ARG BASE_IMAGE=.*$", "ARG BASE", packages).replace("BASE_IMAGE", "BASE")
        requirements = "pkg/pip_requirements.txt"
        files = {
            "Dockerfile": _PORTFOLIO.format(packages=packages).encode(),
            requirements: (_PLUGIN / requirements).read_bytes(),
            **building.folder(_PLUGIN / "src/plugin", "plugin"),
        }
        image = building.build(engine, "portfolio", files, base, progress, "copies of the portfolio plugin")
    return _COPY.format(base=image)
