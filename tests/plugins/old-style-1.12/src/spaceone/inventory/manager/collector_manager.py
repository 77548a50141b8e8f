from spaceone.core.manager import BaseManager
from spaceone.inventory.conf.orchard_conf import PROVIDER, REGIONS
from spaceone.inventory.connector.orchard_connector import OrchardConnector
from spaceone.inventory.model.cloud_service_type import HIVE, TREE

__all__ = ['CollectorManager']


class CollectorManager(BaseManager):

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.connector = OrchardConnector()

    def check(self, secret_data):
        self.connector.verify(secret_data)

    def collect(self, task_options):
        """Everything, or the region of a task."""
        chosen = [task_options['region_code']] if task_options.get('region_code') else list(REGIONS)

        for cloud_service_type in (TREE, HIVE) if task_options.get('types', True) else ():
            yield self._response('inventory.CloudServiceType', ['name', 'group', 'provider'], cloud_service_type)

        for region_code in chosen:
            region = {'name': REGIONS[region_code], 'region_code': region_code, 'provider': PROVIDER}
            yield self._response('inventory.Region', ['region_code', 'provider'], region)

        rows = [(TREE, 'tree_id', row) for row in self.connector.list_trees()]
        rows += [(HIVE, 'hive_id', row) for row in self.connector.list_hives()]

        for kind, key, row in rows:
            if row['region_code'] in chosen:
                yield self._response(
                    'inventory.CloudService',
                    ['reference.resource_id', 'provider', 'cloud_service_type', 'cloud_service_group'],
                    {
                        'name': row['name'],
                        'cloud_service_type': kind['name'],
                        'cloud_service_group': kind['group'],
                        'provider': PROVIDER,
                        'account': 'orchard',
                        'region_code': row['region_code'],
                        'data': row,
                        'metadata': {'view': {'sub_data': kind['metadata']['view']['sub_data']}},
                        'reference': {'resource_id': row[key], 'external_link': f'https://example.com/{row[key]}'},
                    },
                )

    @staticmethod
    def _response(resource_type, keys, resource):
        return {
            'state': 'SUCCESS',
            'resource_type': resource_type,
            'match_rules': {'1': keys},
            'resource': resource,
        }
