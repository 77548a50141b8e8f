"""The commands that the server answers, and how one is run."""
