"""The sandbox's embedded MongoDB: the wire protocol in front of mongomock, with indexes and a data file.

No MongoDB server can be installed from PyPI, npm or Debian 12, and SpaceONE's services keep all in one.
This one is for a developer's machine: it listens without authentication (any MONGODB-X509 user is let in), so
keep it on a loopback address.

It runs in the *services'* environment, which has pymongo and mongomock and does not have this checkout:

    python sandbox/mongodb --host 127.0.0.1 --port 27017 --data FILE

Nothing but this folder, pymongo and mongomock is imported. From the socket to the file:

    cli          the command line
    server       sockets: one thread a connection
    wire         messages of the protocol to requests, replies to messages
    dispatch     the command of a name; context: what commands work with
    session, reading, writing, schema    the commands
    cursors      results that are fetched in batches
    updates      what an update is; operators: each of them; paths: into documents
    aggregation  pipelines over a collection; stages, accumulators, expressions: their parts
    projection, ordering, matching       mongomock's rules, typed
    store        databases, collections, records
    planner      which records can match a filter at all
    indexes      hashes over paths, and unique keys
    journal      the data file
    documents    BSON, and keys under which equal values are equal
    errors       what goes over the wire when something fails
"""
