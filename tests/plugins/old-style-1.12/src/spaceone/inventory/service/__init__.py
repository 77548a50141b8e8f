from spaceone.inventory.service.collector_service import *
from spaceone.inventory.service.job_service import *
