"""`pluginctl`: the flows on a laptop, without a Prefect server, and the sandbox."""
