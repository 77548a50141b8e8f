"""One module for each command of `pluginctl`, with the name of the command."""
