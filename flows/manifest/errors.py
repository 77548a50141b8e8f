"""What can be wrong with the files that authors write.

ManifestError
├── FileMissing     a file or folder is not there
├── NotYaml         a file is not YAML, or not one mapping
└── InvalidField    a field is unknown, missing, or of the wrong kind
"""

from __future__ import annotations


class ManifestError(Exception):
    """Base: a file that an author wrote cannot be used. The message names file, line and field."""


class FileMissing(ManifestError):
    """A file or folder is not there."""


class NotYaml(ManifestError):
    """A file is not YAML, or does not hold one mapping."""


class InvalidField(ManifestError):
    """A field is unknown, missing, or of the wrong kind."""
