"""The order in which a flow does its work, in plain Python: a terminal and Prefect run the same steps."""
