from google.protobuf.empty_pb2 import Empty
from spaceone.api.inventory.plugin import collector_pb2
from spaceone.core.pygrpc.message_type import *

__all__ = ['EmptyInfo', 'PluginInfo', 'ResourceInfo']


def EmptyInfo():
    return Empty()


def PluginInfo(result):
    return collector_pb2.PluginInfo(metadata=change_struct_type(result['metadata']))


def ResourceInfo(resource):
    return collector_pb2.ResourceInfo(
        state=resource['state'],
        message=resource.get('message', ''),
        resource_type=resource['resource_type'],
        match_rules=change_struct_type(resource.get('match_rules', {})),
        resource=change_struct_type(resource['resource']),
    )
