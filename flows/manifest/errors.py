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

from flows.errors import Cause, PipelineError


class ManifestError(PipelineError):
    """Base: a file that an author wrote cannot be used. The message names file, line and field."""

    code = "manifest"
    cause = Cause.REFUSED


class FileMissing(ManifestError):
    """A file or folder is not there, or a kind that no file declares."""

    code = "file-missing"


class NotYaml(ManifestError):
    """A file is not YAML, or a document of it is not a mapping."""

    code = "not-yaml"


class UnknownKind(ManifestError):
    """Nobody can tell what a document declares, or its name and its fields disagree."""

    code = "unknown-kind"


class DeclaredTwice(ManifestError):
    """Two documents declare the same thing."""

    code = "declared-twice"


class InvalidField(ManifestError):
    """A field is unknown, missing, or of the wrong kind."""

    code = "invalid-field"


class InvalidParameter(ManifestError):
    """A parameter names nothing that the manifest has. Its value is never in the message."""

    code = "invalid-parameter"
