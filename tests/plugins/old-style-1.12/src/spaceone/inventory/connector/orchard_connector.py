from spaceone.core.connector import BaseConnector
from spaceone.inventory.conf.orchard_conf import HIVES, TREES


class OrchardConnector(BaseConnector):

    def verify(self, secret_data):
        if not secret_data.get('password'):
            raise ValueError('The password is empty')

    def list_trees(self):
        return TREES

    def list_hives(self):
        return HIVES
