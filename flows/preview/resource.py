"""One collected resource as the console shows it: its details, its tags, and the tabs of its dynamic UI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.preview.fields import cell, value
from flows.preview.layouts import PAIR, Section, sections

_DETAILS = (
    ("Name", "name"),
    ("ID", "cloud_service_id"),
    ("Resource ID", "reference.resource_id"),
    ("Link", "reference.external_link"),
    ("Provider", "provider"),
    ("Group", "cloud_service_group"),
    ("Type", "cloud_service_type"),
    ("Region", "region_code"),
    ("Account", "account"),
    ("Instance Type", "instance_type"),
    ("Instance Size", "instance_size"),
    ("Project", "project_id"),
    ("State", "state"),
    ("Created", "created_at"),
    ("Updated", "updated_at"),
)


@dataclass(frozen=True)
class Preview:
    """One resource.

    Attributes:
        name: The resource's name.
        details: The fields that every resource has.
        tags: Key and value.
        tabs: The sections of its dynamic UI, in their order; empty if it has none.
    """

    name: str
    details: Section
    tags: Section
    tabs: tuple[Section, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections that have rows, in the console's order."""
        return tuple(each for each in (self.details, *self.tabs, self.tags) if each.rows)

    def summary(self) -> str:
        """Such as `Bitcoin: 12 details, 1 tag, tabs Market and Records`."""
        names = list(dict.fromkeys(section.tab for section in self.tabs if section.rows))
        tabs = f"tabs {', '.join(names)}" if names else "no dynamic UI"
        tags = f"{len(self.tags.rows)} tag{'' if len(self.tags.rows) == 1 else 's'}"
        return f"{self.name}: {len(self.details.rows)} details, {tags}, {tabs}"

    def as_json(self) -> dict[str, Any]:
        """For reports: `name`, `details` and `tags` as mappings, `tabs` as sections."""
        return {
            "name": self.name,
            "details": {row[0]: row[1] for row in self.details.rows},
            "tags": {row[0]: row[1] for row in self.tags.rows},
            "tabs": [section.as_json() for section in self.tabs],
        }


def preview(record: Mapping[str, Any], type_record: Mapping[str, Any] | None) -> Preview:
    """A resource as the console shows it.

    Args:
        record: A record from `inventory.CloudService.get`, which contains the metadata, unlike `list`.
        type_record: The record of its type: in 2.x the metadata is there, in 1.12 each resource has its own.
    """
    pairs = ((name, cell(value(record, key))) for name, key in _DETAILS)
    details = tuple((name, text) for name, text in pairs if text)
    return Preview(
        str(record.get("name", "")),
        Section("Details", "Base Information", PAIR, details),
        Section("Tags", "Tags", PAIR, tuple(_tags(record))),
        tuple(sections(_layouts(record, type_record), record)),
    )


def _tags(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Tags are stored by provider."""
    return [
        (str(key), cell(tag))
        for tags in (record.get("tags") or {}).values()
        if isinstance(tags, Mapping)
        for key, tag in tags.items()
    ]


def _layouts(record: Mapping[str, Any], type_record: Mapping[str, Any] | None) -> list[Any]:
    own = _view(value(record, f"metadata.{record.get('provider')}"))
    layouts = own.get("layouts") or _view((type_record or {}).get("metadata")).get("layouts")
    return layouts if isinstance(layouts, list) else []


def _view(metadata: Any) -> Mapping[str, Any]:
    found = value(metadata, "view.sub_data")
    return found if isinstance(found, Mapping) else {}
