"""A SpaceONE inventory collector for cryptocurrency prices, on grpcio and spaceone-api."""
