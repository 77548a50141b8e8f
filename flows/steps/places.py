"""The default paths in a project; a folder is a project if it contains PROJECT."""

from __future__ import annotations

PROJECT = "deployments"
ENVIRONMENTS = "deployments/environments"
MANIFEST = "deployments/portfolio"
SOURCE = "plugin"
