"""Runs in the image of the platform's services: what its own code asks about an image, and what it pulls.

Reads a list of cases from its argument and prints a list of answers. The services that the connectors ask are played
here, each by its own rules, and know one image; a registry of the distribution API is asked for real.
"""

import json
import re
import sys
from types import SimpleNamespace
from urllib.parse import quote, unquote

import requests
from spaceone.core import config
from spaceone.repository import connector as connectors
from spaceone.repository.manager.plugin_manager import local_plugin_manager
from spaceone.repository.service.plugin_service import PluginService
from spaceone.supervisor.service.supervisor_service import SupervisorService

NEW = hasattr(connectors, "GCPPrivateGCRConnector")
REAL = requests.adapters.HTTPAdapter.send


def answer(document, status=200):
    response = requests.Response()
    response.status_code, response._content = status, json.dumps(document).encode()
    return response


def http(case):
    """Docker Hub and GitHub, over TLS; any other address is asked for real."""
    pushed, tags = case["pushed"], case["tags"]

    def send(adapter, request, **options):
        case["asked"].append(request.url)
        if request.url.startswith("https://registry.hub.docker.com/"):
            found = re.fullmatch(r".*/v2/repositories/([^/]+/[^/]+)/tags", request.url)
            if found and found[1] == pushed:
                return answer({"results": [{"name": tag} for tag in tags]})
            return answer({}, 404)
        if request.url.startswith("https://api.github.com/"):
            found = re.fullmatch(r".*/orgs/([^/]+)/packages/container/([^/]+)/versions", request.url)
            if found and f"{found[1]}/{unquote(found[2])}" == pushed:
                return answer(
                    [{"metadata": {"container": {"tags": tags}}}, {"metadata": {"container": {"tags": []}}}]
                )
            return answer({}, 404)
        return REAL(adapter, request, **options)

    return send


def ecr(case):
    """The API of ECR, below botocore."""
    from botocore.awsrequest import AWSResponse

    def send(session, request):
        body = json.loads(request.body)
        case["asked"].append({"url": request.url, **body})
        known = body["repositoryName"] == case["pushed"] and body["registryId"] == case["account"]
        pushed = {"imageTags": case["tags"], "imagePushedAt": 1}
        more = [{"imagePushedAt": 0}] * case["untagged"]
        found = {"imageDetails": [pushed, *more]} if known else {"__type": "RepositoryNotFoundException"}
        content = json.dumps(found).encode()
        raw = SimpleNamespace(stream=lambda **_: iter([content]))
        return AWSResponse(
            request.url, 200 if known else 400, {"content-type": "application/x-amz-json-1.1"}, raw
        )

    return send


def google(case):
    """The API of Artifact Registry: a package's name is the image's below its repository, escaped."""

    def list_tags(client, request):
        case["asked"].append(request.parent)
        project, repository, package = case["pushed"].split("/", 2)
        above = f"projects/{project}/locations/{case['location']}/repositories/{repository}"
        parent = f"{above}/packages/{quote(package, '')}"
        if request.parent != parent:
            raise RuntimeError("404")
        return [SimpleNamespace(name=f"{parent}/tags/{tag}") for tag in case["tags"]]

    return list_tags


def service_account_key():
    from base64 import b64encode

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {
        "type": "service_account",
        "project_id": "of-the-key",
        "client_email": "x@example.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": key.decode(),
    }
    return b64encode(json.dumps(info).encode()).decode()


def unwrapped(found):
    """The class below the decorators of 1.12, which give functions."""
    while not isinstance(found, type):
        found = next(cell.cell_contents for cell in found.__closure__ if callable(cell.cell_contents))
    return found


def tags_of(case):
    """What the repository service lists, by the connector that its own table has for the type."""
    name = local_plugin_manager._REGISTRY_CONNECTOR_MAP[case["type"]]
    given = dict(case["connector"])
    if name == "GCPPrivateGCRConnector":
        given["service_account_key"] = service_account_key()
        connectors.registry_connector.artifactregistry_v1.ArtifactRegistryClient.list_tags = google(case)
    requests.adapters.HTTPAdapter.send = http(case)
    if name == "AWSPrivateECRConnector":
        import botocore.httpsession

        botocore.httpsession.URLLib3Session.send = ecr(case)
    kind = getattr(connectors, name)
    if NEW:
        config.get_connector = lambda _: given
        return kind().get_tags(case["url"], case["image"])
    config._GLOBAL |= {"SERVICE": "repository", "PACKAGE": "spaceone.repository"}
    return kind(config=given).get_tags(case["url"], case["image"], case["config"] or {})


def check(case):
    """What `register` checks before it stores the plugin."""
    urls = {case["type"]: {"url": case["url"]} if NEW else case["url"]}
    config.get_global = lambda name, default=None: {"REGISTRY_INFO": urls, "REGISTRY_URL_MAP": urls}.get(
        name, default
    )
    service = unwrapped(PluginService)
    service._check_image(object.__new__(service), case["image"])
    service._check_registry_type(case["type"])
    if not NEW:
        service._check_registry_config(case["type"], case["config"] or {})


def pulled(case):
    """The name that the supervisor pulls."""
    seen = []
    plugin = {"registry_url": case["url"], "image": case["image"], "registry_config": {}}
    plugin |= {"resource_type": "inventory.Collector", "service_type": "inventory.Collector"}
    kind = unwrapped(SupervisorService)
    service = object.__new__(kind)
    service._supervisor_mgr = SimpleNamespace(
        get_plugin_from_repository=lambda *_: plugin if NEW else SimpleNamespace(**plugin),
        find_host_port=lambda: 1,
        get_plugin_endpoint=lambda *_: "grpc://x:1",
        install_plugin=lambda uri, *_: seen.append(uri),
    )
    install = kind.install_plugin
    while hasattr(install, "__wrapped__"):
        install = install.__wrapped__
    install(
        service,
        {"name": "x", "plugin_id": "x", "version": case["tags"][0], "hostname": "x", "domain_id": "x"},
    )
    return seen[0]


def run(case):
    case["asked"] = []
    try:
        check(case)
        return {"tags": tags_of(case), "pulled": pulled(case), "asked": case["asked"]}
    except Exception as error:  # noqa: BLE001 - whatever it is, the platform does not find the image
        return {"error": f"{type(error).__name__}: {error}", "asked": case["asked"]}


print(json.dumps([run(case) for case in json.loads(sys.argv[1])]))
