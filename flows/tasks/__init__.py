"""Prefect's side: steps as tasks, what comes out as artifacts, and a deployment's run followed from a terminal."""
