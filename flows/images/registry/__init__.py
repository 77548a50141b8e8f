"""An image registry: what it holds, and whether one may push to it."""
