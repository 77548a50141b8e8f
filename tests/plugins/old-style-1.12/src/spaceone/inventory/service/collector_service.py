import logging

from spaceone.core.service import *
from spaceone.inventory.manager.collector_manager import CollectorManager

__all__ = ['CollectorService']

_LOGGER = logging.getLogger(__name__)

FILTER_FORMAT = []
SUPPORTED_RESOURCE_TYPE = ['inventory.CloudService', 'inventory.CloudServiceType', 'inventory.Region']
SUPPORTED_FEATURES = ['garbage_collection']
SUPPORTED_SCHEDULES = ['hours']


@authentication_handler
class CollectorService(BaseService):

    def __init__(self, metadata):
        super().__init__(metadata)
        self.collector_manager: CollectorManager = self.locator.get_manager('CollectorManager')

    @transaction
    @check_required(['options'])
    def init(self, params):
        """ init plugin by options
        """
        capability = {
            'filter_format': FILTER_FORMAT,
            'supported_resource_type': SUPPORTED_RESOURCE_TYPE,
            'supported_features': SUPPORTED_FEATURES,
            'supported_schedules': SUPPORTED_SCHEDULES,
        }
        return {'metadata': capability}

    @transaction
    @check_required(['options', 'secret_data'])
    def verify(self, params):
        self.collector_manager.check(params['secret_data'])
        return {}

    @transaction
    @check_required(['options', 'secret_data'])
    def collect(self, params):
        """ Get quick list of resources
        """
        self.collector_manager.check(params['secret_data'])
        yield from self.collector_manager.collect(params.get('task_options') or {})
