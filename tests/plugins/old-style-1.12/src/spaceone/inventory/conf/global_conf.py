CONNECTORS = {
}

LOG = {
}
