from spaceone.core.service import *
from spaceone.inventory.conf.orchard_conf import REGIONS

__all__ = ['JobService']


class JobService(BaseService):

    @transaction
    @check_required(['options'])
    def get_tasks(self, params):
        """ One task a region. The types belong to the first one: two tasks would create them at the same time
        """
        first = next(iter(REGIONS))
        return [{'task_options': {'region_code': code, 'types': code == first}} for code in REGIONS]
