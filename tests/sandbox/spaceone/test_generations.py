from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.errors import SandboxError
from sandbox.spaceone.generations import GENERATIONS, generation_of, layout_of

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.spaceone.distribution import Distribution


def test_an_unknown_generation_names_the_known_ones(tmp_path: Path):
    with pytest.raises(SandboxError, match=r"'3\.x'[\s\S]*2\.x, 1\.12"):
        layout_of(tmp_path, "3.x")


def test_every_generation_has_a_folder_an_environment_and_a_lock_of_its_own(tmp_path: Path, checkout: Path):
    environments = checkout / "deployments" / "environments"
    for name, generation in GENERATIONS.items():
        assert generation_of(layout_of(tmp_path, name)) is generation
        text = (environments / f"{generation.environment}.yaml").read_text()
        assert f"/{name}/environment.yaml" in text
        assert f"pluginctl sandbox up --generation {name}" in text
        assert generation.requirements.is_file()
    assert len({each.requirements for each in GENERATIONS.values()}) == len(GENERATIONS)


@pytest.mark.parametrize("generation", GENERATIONS.values(), ids=list(GENERATIONS))
def test_the_lock_names_hashes_and_no_place(generation: Distribution):
    lines = generation.requirements.read_text().splitlines()
    pinned = [line for line in lines if "==" in line]
    wanted = generation.requirements.with_suffix(".in").read_text().splitlines()
    assert len(pinned) == len([line for line in wanted if "==" in line]) > 0
    assert sum("--hash=sha256:" in line for line in lines) >= len(pinned)
    assert not [line for line in lines if "://" in line or line.startswith(("-i", "-f", "--index", "--find"))]


@pytest.mark.parametrize("generation", GENERATIONS.values(), ids=list(GENERATIONS))
def test_the_lock_holds_every_service_and_spacectl(generation: Distribution):
    pinned = {
        line.partition("==")[0] for line in generation.requirements.read_text().splitlines() if "==" in line
    }
    services = {f"spaceone-{part.partition('-')[0]}" for part in generation.parts}
    assert {*services, "spaceone-core", "spaceone-api", "spacectl"} <= pinned


def test_the_package_that_hides_pythons_own_asyncio_is_left_out():
    """SpaceONE 1.12 names its version 3.4.3, which is Python 3.3's."""
    assert "asyncio==" not in GENERATIONS["1.12"].requirements.read_text()
