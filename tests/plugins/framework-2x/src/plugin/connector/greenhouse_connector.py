"""Stands in for the API of a greenhouse: what it answers is written here."""

SENSORS = {
    "north": [("s-n1", "Bench 1", 21.5), ("s-n2", "Bench 2", 22.0), ("s-n3", "Door", 18.25)],
    "south": [("s-s1", "Bench 1", 24.5), ("s-s2", "Roof", 31.0)],
}
PUMPS = {
    "north": [("p-n1", "Main", "RUNNING")],
    "south": [("p-s1", "Main", "STOPPED"), ("p-s2", "Spare", "STOPPED")],
}
HOUSES = sorted(SENSORS)


class GreenhouseConnector:
    def __init__(self, secret_data: dict):
        if not str(secret_data.get("access_key", "")).startswith("gh-"):
            raise ValueError("The access key begins with gh-")

    def list_sensors(self, house: str) -> list:
        return [{"id": i, "name": n, "temperature": t, "house": house} for i, n, t in SENSORS[house]]

    def list_pumps(self, house: str) -> list:
        return [{"id": i, "name": n, "status": s, "house": house} for i, n, s in PUMPS[house]]
