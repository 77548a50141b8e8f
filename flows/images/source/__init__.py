"""A plugin's source: what its files say, what goes into the build context, and its digest."""
