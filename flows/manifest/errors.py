"""What can be wrong with the files that authors write.

ManifestError
├── FileMissing        a file or folder does not exist, or no file declares a required kind
├── NotYaml            a file is not YAML, or a document is not a mapping
├── UnknownKind        the kind of a document is unclear, or its name contradicts its fields
├── DeclaredTwice      two documents declare the same resource
├── InvalidField       a field is unknown, missing, or has a wrong value
└── InvalidParameter   a parameter (`-p`) refers to nothing in the manifest
"""

from __future__ import annotations

from flows.errors import Cause, PipelineError


class ManifestError(PipelineError):
    """Base: a file that an author wrote cannot be used. The message names file, line and field."""

    code = "manifest"
    cause = Cause.REFUSED


class FileMissing(ManifestError):
    """A file or folder does not exist, or no file declares a required kind."""

    code = "file-missing"


class NotYaml(ManifestError):
    """A file is not YAML, or one of its documents is not a mapping."""

    code = "not-yaml"


class UnknownKind(ManifestError):
    """The kind of a document is unclear, or its name contradicts its fields."""

    code = "unknown-kind"


class DeclaredTwice(ManifestError):
    """Two documents declare the same resource."""

    code = "declared-twice"


class InvalidField(ManifestError):
    """A field is unknown, missing, or has a wrong value."""

    code = "invalid-field"


class InvalidParameter(ManifestError):
    """A parameter refers to nothing in the manifest. Its value is never in the message."""

    code = "invalid-parameter"
