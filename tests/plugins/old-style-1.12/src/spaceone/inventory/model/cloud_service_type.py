def field(name, key):
    return {'type': 'text', 'name': name, 'key': key}


def metadata(title, fields):
    return {
        'view': {
            'search': [{'name': name, 'key': key} for name, key in fields],
            'table': {'layout': {'name': title, 'type': 'query-search-table',
                                 'options': {'fields': [field(*each) for each in fields]}}},
            'sub_data': {'layouts': [{'name': title, 'type': 'item',
                                      'options': {'fields': [field(*each) for each in fields]}}]},
        }
    }


TREE = {
    'name': 'Tree',
    'group': 'Plants',
    'provider': 'orchard',
    'is_primary': True,
    'is_major': True,
    'labels': ['Compute'],
    'metadata': metadata('Tree', [('Tree ID', 'data.tree_id'), ('Kind', 'data.kind'), ('Height', 'data.height')]),
}

HIVE = {
    'name': 'Hive',
    'group': 'Animals',
    'provider': 'orchard',
    'is_primary': True,
    'labels': ['Analytics'],
    'metadata': metadata('Hive', [('Hive ID', 'data.hive_id'), ('Bees', 'data.bees')]),
}
