"""Where things lie in a project, as defaults; a folder is a project where it holds PROJECT."""

from __future__ import annotations

PROJECT = "deployments"
ENVIRONMENTS = "deployments/environments"
MANIFEST = "deployments/portfolio"
SOURCE = "plugin"
