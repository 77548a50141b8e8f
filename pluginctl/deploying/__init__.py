"""`pluginctl deploy`: what is declared below `deployments/` becomes deployments, limits and automations of a server."""
