"""What a run is about: the words by which people find it in a list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """What a run is about, as far as it is known yet.

    Attributes:
        flow: `release`, `recollect`, `rollback` or `drift`.
        environment: Its name.
        plugin_id: The plugin, as the manifest names it; empty until the manifest is read.
        version: Empty until the source, or the collector, is read.
        dry_run: Whether nothing will be carried out.
    """

    flow: str
    environment: str
    plugin_id: str = ""
    version: str = ""
    dry_run: bool = False

    @property
    def title(self) -> str:
        """Such as `release plugin-x 0.3.0 to production (dry run)`."""
        joint = "to" if self.flow == "release" else "in"
        version = f"to {self.version}" if self.flow == "rollback" and self.version else self.version
        words = (self.flow, self.plugin_id, version, joint, self.environment)
        return " ".join(filter(None, (*words, "(dry run)" if self.dry_run else "")))

    @property
    def collects(self) -> bool:
        """Whether the run may collect, and so must be alone with its collector."""
        return self.flow != "drift" and not self.dry_run

    @property
    def tags(self) -> tuple[str, ...]:
        """One for each thing that a list is filtered by, such as `plugin:plugin-x`."""
        named = {"plugin": self.plugin_id, "version": self.version, "environment": self.environment}
        tags = [f"{name}:{value}" for name, value in named.items() if value]
        return (self.flow, *tags, *(("dry-run",) if self.dry_run else ()))
