PROVIDER = 'orchard'

TREES = [
    {'tree_id': 'tree-001', 'name': 'Old apple', 'kind': 'apple', 'region_code': 'hill', 'height': 5.5},
    {'tree_id': 'tree-002', 'name': 'Young apple', 'kind': 'apple', 'region_code': 'hill', 'height': 1.5},
    {'tree_id': 'tree-003', 'name': 'Pear', 'kind': 'pear', 'region_code': 'valley', 'height': 3.0},
]

HIVES = [
    {'hive_id': 'hive-001', 'name': 'South wall', 'state': 'ACTIVE', 'region_code': 'valley', 'bees': 30000},
]

REGIONS = {'hill': 'The hill', 'valley': 'The valley'}
