"""The collected resources as the SpaceONE console would show them."""

from __future__ import annotations

from flows.preview.layouts import PAIR, Section
from flows.preview.resource import Preview, preview
from flows.preview.table import default_sort, table

__all__ = ["PAIR", "Preview", "Section", "default_sort", "preview", "table"]
