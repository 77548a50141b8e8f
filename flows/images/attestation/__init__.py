"""What is known about an image: its bill of materials, its provenance, and who signed it."""

from __future__ import annotations
