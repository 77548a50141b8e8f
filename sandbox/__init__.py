"""The sandbox: the real SpaceONE services on this machine, as an environment like any other.

`sandbox.lifecycle` holds what a command calls: `up`, `down`, `status`, `logs`, `summary`. Read on from there: `start`
brings everything up, `parts` says what that is.
"""
