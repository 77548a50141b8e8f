"""The sandbox's embedded MongoDB: the wire protocol in front of mongomock, with indexes and a data file.

No MongoDB server can be installed from PyPI, npm or Debian 12, and SpaceONE's services store everything in one.
This one is for a developer's machine: it listens without authentication (any MONGODB-X509 user is let in), so
keep it on a loopback address.

It runs in the *services'* environment, which has pymongo and mongomock and does not have this checkout installed:

    python deployments/sandbox/mongodb --host 127.0.0.1 --port 27017 --data FILE

Nothing outside this folder, pymongo and mongomock is imported.

    wire         messages of the protocol to documents and back
    server       sockets: one thread a connection
    commands/    one function a command
    updates/     update operators, array filters, pipelines as updates
    aggregation  pipelines
    planner      which records can match a filter at all
    store        databases, collections, records
    indexes      hash indexes, unique ones among them
    journal      the data file
    documents    BSON, and keys that compare as MongoDB's values do
    errors       what goes over the wire when something fails
"""
