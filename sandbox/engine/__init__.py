"""The Docker engine of this machine: connecting to it, installing it, images, containers, networks and volumes.

Nothing here depends on SpaceONE.
"""
