from plugin.connector.greenhouse_connector import GreenhouseConnector
from spaceone.inventory.plugin.collector.lib import (
    make_cloud_service,
    make_cloud_service_type,
    make_error_response,
    make_response,
)

PROVIDER = "greenhouse"


class GreenhouseManager:
    """One type of resources. A subclass says which, and how its rows are read."""

    cloud_service_group = ""
    cloud_service_type = ""
    labels: list = []

    def __init__(self, secret_data: dict):
        self.connector = GreenhouseConnector(secret_data)

    def collect_type(self):
        group, name = self.cloud_service_group, self.cloud_service_type
        yield make_response(
            cloud_service_type=make_cloud_service_type(
                name=name,
                group=group,
                provider=PROVIDER,
                metadata_path=f"metadata/{name.lower()}.yaml",
                is_primary=True,
                is_major=True,
                service_code=f"Greenhouse{name}",
                labels=self.labels,
            ),
            match_keys=[["name", "group", "provider"]],
            resource_type="inventory.CloudServiceType",
        )

    def collect_resources(self, house: str):
        try:
            for row in self.rows(house):
                yield make_response(
                    cloud_service=make_cloud_service(
                        name=row["name"],
                        cloud_service_type=self.cloud_service_type,
                        cloud_service_group=self.cloud_service_group,
                        provider=PROVIDER,
                        account="example",
                        data=row,
                        region_code=house,
                        reference={
                            "resource_id": row["id"],
                            "external_link": f"https://example.com/{house}/{row['id']}",
                        },
                    ),
                    match_keys=[["reference.resource_id", "provider", "cloud_service_type", "cloud_service_group"]],
                )
        except Exception as e:  # whatever it is, the platform gets it as an error
            yield make_error_response(e, PROVIDER, self.cloud_service_group, self.cloud_service_type)

    def rows(self, house: str) -> list:
        raise NotImplementedError


class SensorManager(GreenhouseManager):
    cloud_service_group = "Climate"
    cloud_service_type = "Sensor"
    labels = ["Monitoring"]

    def rows(self, house):
        return self.connector.list_sensors(house)


class PumpManager(GreenhouseManager):
    cloud_service_group = "Water"
    cloud_service_type = "Pump"

    def rows(self, house):
        return self.connector.list_pumps(house)
