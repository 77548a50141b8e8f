name = 'inventory'
