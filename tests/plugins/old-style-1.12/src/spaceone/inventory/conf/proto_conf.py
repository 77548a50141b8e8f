PROTO = {
    'spaceone.inventory.interface.grpc.collector': ['Collector'],
    'spaceone.inventory.interface.grpc.job': ['Job'],
}
