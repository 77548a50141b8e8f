"""A SpaceONE inventory collector for cryptocurrency prices, on the package `plugin.serving`."""
