"""The table of registry types."""

from __future__ import annotations

from typing import get_args

import pytest

from flows.manifest.registries import REGISTRY_TYPES, TypeName, host_of, type_of_host


def test_the_table_has_the_types_that_an_environment_may_name():
    assert tuple(REGISTRY_TYPES) == get_args(TypeName)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (None, "DOCKER_HUB"),
        ("ghcr.io", "GITHUB"),
        ("europe-docker.pkg.dev", "GCP_PRIVATE_GCR"),
        ("asia.gcr.io", "GCP_PRIVATE_GCR"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com", "AWS_PRIVATE_ECR"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "AWS_PRIVATE_ECR"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "AWS_PRIVATE_ECR"),
        ("123456789012.dkr-ecr.us-east-1.on.aws", "AWS_PRIVATE_ECR"),
    ],
)
def test_a_host_tells_its_type(host, name):
    assert type_of_host(host).name == name


@pytest.mark.parametrize(
    "host",
    [
        "ghcr.io.example.com",
        "xghcr.io",
        "docker.pkg.dev.example.com",
        "registry.example.com",
        "127.0.0.1:5000",
    ],
)
def test_other_hosts_may_be_anybodys(host):
    assert type_of_host(host) is None


def test_ecr_tells_account_and_region():
    _, told = host_of(REGISTRY_TYPES["AWS_PRIVATE_ECR"], "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
    assert told == {"account": "123456789012", "region": "eu-west-1"}
