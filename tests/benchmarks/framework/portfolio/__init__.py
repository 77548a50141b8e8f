"""The portfolio collector on SpaceONE's own plugin framework, for comparison: the same records, made at its best.

It runs in the sandbox's environment: `spaceone run plugin-server portfolio -s tests/benchmarks/framework -p PORT`.
"""
