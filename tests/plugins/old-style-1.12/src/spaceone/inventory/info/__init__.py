from spaceone.inventory.info.collector_info import *
from spaceone.inventory.info.job_info import *
