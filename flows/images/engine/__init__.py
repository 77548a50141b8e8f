"""The Docker engine: building, inspecting, running and pushing an image."""
