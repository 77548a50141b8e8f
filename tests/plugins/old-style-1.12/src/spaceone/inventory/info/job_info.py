from spaceone.api.inventory.plugin import job_pb2
from spaceone.core.pygrpc.message_type import *

__all__ = ['TasksInfo']


def TasksInfo(tasks):
    return job_pb2.TasksInfo(
        tasks=[job_pb2.TaskInfo(task_options=change_struct_type(task['task_options'])) for task in tasks]
    )
