"""The sandbox's embedded MongoDB: the wire protocol in front of mongomock, with indexes and a data file.

README.md describes the modules and what is supported.
"""
