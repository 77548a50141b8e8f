"""The sandbox: the real SpaceONE services on this machine, used like any other environment.

`sandbox.lifecycle` has the functions that the commands call: `up`, `down`, `status`, `logs`, `summary`. Continue from
there: `start` starts everything, and `parts` describes each program that is started.
"""
