"""Checks source and manifest without a platform, a registry, an engine or a secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.images.errors import SourceError
from flows.images.source.plugin_source import PluginSource
from flows.images.source.remarks import version_of_tag
from flows.manifest import Manifest
from flows.manifest.secrets import Unread
from flows.text import quoted


@dataclass(frozen=True)
class Checked:
    """A source and a manifest that can be planned.

    Attributes:
        source: The plugin's source.
        manifest: Its manifest; where it refers to secrets, they are empty.
        references: The secrets that the manifest refers to. If there are any, data was not compared with schemas.
    """

    source: PluginSource
    manifest: Manifest
    references: tuple[str, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a plan would remark on both."""
        of_files = (remark for each in self.manifest.remarks.values() for remark in each)
        return (*self.source.contents.remarks, *of_files)

    def as_json(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "plugin_id": self.manifest.plugin.id,
            "version": self.source.version,
            "source_digest": self.source.digest,
            "files": len(self.source.listing.files),
            "references": list(self.references),
            "remarks": list(self.remarks),
        }


def check(source: Path, manifest: Path, parameters: Sequence[str] = (), tag: str | None = None) -> Checked:
    """Reads source and manifest as a release does before it calls anything.

    Args:
        source: The plugin's source.
        manifest: The manifest's folder.
        parameters: Fields that override the manifest's.
        tag: A git tag that must name the version.

    Raises:
        ManifestError, SourceError: what is wrong.
    """
    declared, references = check_manifest(manifest, parameters)
    plugin = PluginSource.load(source)
    if tag is not None and version_of_tag(tag) != plugin.version.removeprefix("v"):
        raise SourceError(
            plugin.version_file,
            f"says {plugin.version}, and the git tag is {quoted(tag)}",
            f"Write the version of the tag into the file before you tag, or tag v{plugin.version.removeprefix('v')}",
        )
    return Checked(plugin, declared, references)


def check_manifest(folder: Path, parameters: Sequence[str] = ()) -> tuple[Manifest, tuple[str, ...]]:
    """Returns a manifest, and what it refers to as secret; data is compared with schemas if there is nothing.

    Raises:
        ManifestError: for all that is missing or wrong.
    """
    unread = Unread()
    found = Manifest.load(folder, parameters, unread, written=False)
    if not unread.used:
        found = Manifest.load(folder, parameters, unread)
    return found, tuple(dict.fromkeys(unread.used))
