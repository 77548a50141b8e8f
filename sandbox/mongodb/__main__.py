"""`python sandbox/mongodb …` or `python -m sandbox.mongodb …`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_STANDALONE_NAME = "sandbox_mongodb"


def _package() -> str:
    """The name that this folder is imported under.

    Run by its path the folder is no package and stands on sys.path itself, where its modules would shadow
    others: it becomes a package of its own then, and nothing else of the checkout can be imported.
    """
    if __package__:
        return __package__
    folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != folder]
    spec = importlib.util.spec_from_file_location(
        _STANDALONE_NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} cannot be imported as a package")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_STANDALONE_NAME] = module
    spec.loader.exec_module(module)
    return _STANDALONE_NAME


if __name__ == "__main__":
    main = importlib.import_module(".cli", _package()).main
    sys.exit(main())
