"""The sandbox: the real SpaceONE services on this machine, as an environment like any other.

`deployments.sandbox.sandbox` holds what a command calls: `up`, `down`, `status` and `logs`. Nothing is imported
here, because the services' own interpreter imports this package too and has other libraries.
"""
