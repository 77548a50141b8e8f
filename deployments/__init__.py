"""Where plugins are released to: environments, manifests and the local sandbox."""
