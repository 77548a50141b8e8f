"""This machine: its packages, ports, programs and folders. Nothing here depends on SpaceONE or on Docker."""
