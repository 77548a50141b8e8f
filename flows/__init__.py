"""Prefect flows that take a SpaceONE inventory plugin from its source to collected resources."""
