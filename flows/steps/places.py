"""The default paths in a project; a folder is a project if it contains PROJECT."""

from __future__ import annotations

PROJECT = "deployments"
PROJECT_FILE = "deployments/project.yaml"
ENVIRONMENTS = "deployments/environments"
MANIFEST = "deployments/portfolio"
SOURCE = "plugin"
