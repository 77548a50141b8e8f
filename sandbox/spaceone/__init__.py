"""SpaceONE in a sandbox: what each generation is installed from, how it is configured, and who is made in it."""
