"""One module for each command of `pluginctl`, named as the command is."""
