"""What can be wrong with the files that authors write.

ManifestError
├── FileMissing        a file or folder is not there, or a kind that no file declares
├── NotYaml            a file is not YAML, or a document of it not a mapping
├── UnknownKind        nobody can tell what a document declares, or its name and its fields disagree
├── DeclaredTwice      two documents declare the same thing
├── InvalidField       a field is unknown, missing, or of the wrong kind
└── InvalidParameter   a parameter (`-p`) names nothing that the manifest has
"""

from __future__ import annotations


class ManifestError(Exception):
    """Base: a file that an author wrote cannot be used. The message names file, line and field."""


class FileMissing(ManifestError):
    """A file or folder is not there, or a kind that no file declares."""


class NotYaml(ManifestError):
    """A file is not YAML, or a document of it is not a mapping."""


class UnknownKind(ManifestError):
    """Nobody can tell what a document declares, or its name and its fields disagree."""


class DeclaredTwice(ManifestError):
    """Two documents declare the same thing."""


class InvalidField(ManifestError):
    """A field is unknown, missing, or of the wrong kind."""


class InvalidParameter(ManifestError):
    """A parameter names nothing that the manifest has. Its value is never in the message."""
