"""This machine: its programs, ports, processes and Docker engine. Nothing here depends on SpaceONE."""
