"""`pluginctl`: runs the flows on a laptop without a Prefect server, and manages the sandbox."""

import gc

# A command's imports make 80,000 objects, which stay. To look through them for garbage after every 700th took a
# twentieth of its start.
gc.set_threshold(100_000)
