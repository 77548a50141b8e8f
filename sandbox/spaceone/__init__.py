"""SpaceONE in a sandbox: how each generation is installed and configured, and which identities are created in it."""
