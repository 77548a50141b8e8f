from spaceone.inventory.manager.collector_manager import *
