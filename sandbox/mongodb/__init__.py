"""The sandbox's embedded MongoDB: the wire protocol in front of mongomock, with indexes and a data file.

SpaceONE's services store all data in MongoDB, and no MongoDB server can be installed from PyPI, npm or Debian 12.
This server is for a developer's machine. It has no authentication (it accepts any MONGODB-X509 user), so let it
listen only on a loopback address.

It runs in the *services'* environment, which contains pymongo and mongomock, but not this checkout:

    python sandbox/mongodb --host 127.0.0.1 --port 27017 --data FILE

It imports only this folder, pymongo and mongomock. The modules, from the socket to the file:

    cli          the command line
    server       sockets: one thread for each connection
    wire         messages of the protocol to requests, replies to messages
    dispatch     finds a command by its name; context: what every command uses
    session, reading, writing, schema    the commands
    cursors      results that are fetched in batches
    updates      the update command; operators: its operators; paths: into documents
    aggregation  pipelines over a collection; stages, accumulators, expressions: their parts
    projection, ordering, matching       mongomock's rules, typed
    store        databases, collections, records
    planner      the records that may match a filter
    indexes      hashes over paths, and unique keys
    journal      the data file
    documents    BSON, and keys that are equal for equal values
    errors       the replies when something fails
"""
