"""What a hostile server may describe: each case ends in one error."""

from __future__ import annotations

import contextlib
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from flows.spaceone import CallError, Client, ServerError
from flows.spaceone.descriptors import MAX_BYTES, MAX_FILES

NAME = "spaceone.api.identity.v2.Provider"


def file(name="root.proto", *imports, messages=1, request="M0", answer="M0", chain=False):
    """A file with the service, and messages that may refer to each other in a row."""
    made = FileDescriptorProto(name=name, package="spaceone.api.identity.v2", syntax="proto3")
    made.dependency.extend(imports)
    for number in range(messages):
        message = made.message_type.add(name=f"M{number}")
        if chain and number + 1 < messages:
            message.field.add(
                name="next", number=1, type=11, label=1, type_name=f".spaceone.api.identity.v2.M{number + 1}"
            )
    service = made.service.add(name="Provider")
    service.method.add(
        name="list",
        input_type=f".spaceone.api.identity.v2.{request}",
        output_type=f".spaceone.api.identity.v2.{answer}",
    )
    return made


def plain(name, *imports):
    made = FileDescriptorProto(name=name, package=f"p{name.partition('.')[0]}", syntax="proto3")
    made.dependency.extend(imports)
    return made


def described(*files):
    contents = [each if isinstance(each, bytes) else each.SerializeToString() for each in files]
    return reflection_pb2.ServerReflectionResponse(
        file_descriptor_response=reflection_pb2.FileDescriptorResponse(file_descriptor_proto=contents)
    )


class Reflection(reflection_pb2_grpc.ServerReflectionServicer):
    """A server that lists the service, and describes what it is told to.

    Args:
        root: The answer to a question for the symbol.
        by_name: The answer to a question for a file.
    """

    def __init__(self, root, by_name=None):
        self.asked = []
        self._root, self._by_name = root, by_name

    def ServerReflectionInfo(self, request_iterator, context):  # noqa: N802 - gRPC's name
        request = next(request_iterator)
        kind = request.WhichOneof("message_request")
        self.asked.append(getattr(request, kind))
        if kind == "list_services":
            services = [reflection_pb2.ServiceResponse(name=NAME)]
            yield reflection_pb2.ServerReflectionResponse(
                list_services_response=reflection_pb2.ListServiceResponse(service=services)
            )
        elif kind == "file_containing_symbol":
            yield from self._root if isinstance(self._root, list) else [self._root]
        else:
            yield self._by_name(request.file_by_filename)


@pytest.fixture
def client():
    """Makes a client of a server with such a reflection."""
    running = []

    def client(root, by_name=None, answer=b""):
        server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.max_send_message_length", -1)])
        servicer = Reflection(root, by_name)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
        called = grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(NAME, {"list": called})])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        made = Client({"identity": f"grpc://127.0.0.1:{port}"}, timeout=10)
        running.append((server, made))
        made.asked = servicer.asked
        return made

    yield client
    for server, made in running:
        made.close()
        server.stop(None).wait()


def fails(client, words):
    started = time.monotonic()
    with pytest.raises(CallError, match=words) as caught:
        client.check("identity.Provider.list", {})
    assert time.monotonic() - started < 20
    assert len(str(caught.value)) < 2000
    return caught.value


UNUSABLE = "what the server describes cannot be used: "


@pytest.mark.parametrize("length", [1, 2, 50])
def test_imports_in_a_circle(client, length):
    names = [f"{number}.proto" for number in range(length)]

    def by_name(name):
        number = int(name.partition(".")[0])
        return described(plain(name, names[(number + 1) % length]))

    fails(client(described(file("root.proto", names[0])), by_name), UNUSABLE + "its file '.*' imports itself")


def test_a_file_that_imports_itself(client):
    fails(client(described(file("root.proto", "root.proto"))), "its file 'root.proto' imports itself")


def test_imports_without_an_end(client):
    numbers = itertools.count()
    made = client(
        described(file("root.proto", "a.proto")),
        lambda name: described(plain(name, f"{next(numbers)}.proto")),
    )
    fails(made, f"more than {MAX_FILES} files or 4 MiB")
    assert len(made.asked) <= MAX_FILES + 2


def test_a_long_row_of_imports_is_no_problem(client):
    """Also not for Python's limit of recursion, and C's."""
    last = MAX_FILES - 2

    def by_name(name):
        number = int(name.partition(".")[0])
        return described(plain(name, *([f"{number + 1}.proto"] if number < last else [])))

    client(described(file("root.proto", "0.proto")), by_name).check("identity.Provider.list", {})


def test_thousands_of_files_in_one_answer(client):
    files = [plain(f"{number}.proto") for number in range(5000)]
    fails(client(described(file(), *files)), f"more than {MAX_FILES} files")


def test_an_answer_that_is_too_large(client):
    error = fails(client(described(bytes(MAX_BYTES + 1))), "larger than max")
    assert error.status == "RESOURCE_EXHAUSTED"


def test_files_that_are_too_large_together(client):
    def by_name(name):
        made = plain(name)
        made.message_type.add(name="x" * 1_000_000)
        return described(made)

    imports = [f"{number}.proto" for number in range(20)]
    made = client(described(file("root.proto", *imports)), by_name)
    fails(made, "4 MiB")
    assert len(made.asked) < 10


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (described(b"\xff\xff\xff"), "a file that cannot be read"),
        (described(), "does not describe it"),
        (described(plain("root.proto")), "does not describe it"),
        (described(file(request="Gone")), "'root.proto' contradicts itself"),
        (described(file("\x1b[2J")), ""),
        (
            described(
                FileDescriptorProto(name="a.proto", dependency=["root.proto"]), file("root.proto", "a.proto")
            ),
            "imports itself",
        ),
        (reflection_pb2.ServerReflectionResponse(), "does not describe it"),
        ([], "it did not answer"),
        (
            reflection_pb2.ServerReflectionResponse(
                error_response=reflection_pb2.ErrorResponse(error_code=13, error_message="x" * 100_000)
            ),
            "cannot be used: xxx",
        ),
        (
            reflection_pb2.ServerReflectionResponse(
                error_response=reflection_pb2.ErrorResponse(error_code=5)
            ),
            "knows nothing",
        ),
    ],
)
def test_descriptions_that_describe_nothing(client, root, words):
    made = client(root)
    if not words:
        made.check("identity.Provider.list", {})
        return
    error = fails(made, words)
    assert (error.exit_code, error.temporary) == (3, False)


def test_a_file_that_is_another_one(client):
    fails(
        client(described(file("root.proto", "a.proto")), lambda _: described(plain("b.proto"))),
        "'a.proto', which it imports",
    )


def test_a_file_described_twice_differently(client):
    second = file("root.proto", messages=2)
    client(described(file(), second)).check("identity.Provider.list", {})


def nested(depth):
    made = file()
    message = made.message_type[0]
    for _ in range(depth):
        message = message.nested_type.add(name="N")
    return made


@pytest.mark.parametrize("depth", [20, 60, 95])
def test_messages_inside_messages(client, depth):
    with contextlib.suppress(CallError):  # protobuf reads 100 levels
        client(described(nested(depth))).check("identity.Provider.list", {})


@pytest.mark.parametrize("length", [2000, 20_000])
def test_messages_in_a_row(client, length):
    fails(client(described(file(messages=length, chain=True))), "nested too deeply")


def test_a_server_that_describes_without_an_end(client):
    """Only the first answer is read."""
    root = [described(file())] * 1000
    client(root).check("identity.Provider.list", {})


def test_a_server_that_takes_its_time(client, monkeypatch):
    monkeypatch.setattr("flows.spaceone.descriptors.MAX_SECONDS", 0.5)
    numbers = itertools.count()

    def by_name(name):
        time.sleep(0.1)
        return described(plain(name, f"{next(numbers)}.proto"))

    fails(client(described(file("root.proto", "a.proto")), by_name), "within 0.5 s|DEADLINE|Deadline")


@pytest.mark.parametrize("asked", [True, False])
def test_protobufs_own_files_are_never_the_servers(client, asked):
    """A Struct of another shape would break the conversion to JSON."""
    forged = FileDescriptorProto(
        name="google/protobuf/struct.proto", package="google.protobuf", syntax="proto3"
    )
    forged.message_type.add(name="Struct").field.add(name="x", number=1, type=5, label=1)
    root = file("root.proto", "google/protobuf/struct.proto")
    root.message_type[0].field.add(
        name="tags", number=1, type=11, label=1, type_name=".google.protobuf.Struct"
    )
    files = [root] if asked else [forged, root]
    made = client(described(*files), lambda _: described(forged))
    made.check("identity.Provider.list", {"tags": {"a": {"b": [1, None]}}})
    assert "google/protobuf/struct.proto" not in made.asked


CONVERTED = "cannot be converted to JSON"
NOT_FINITE = r"a number that is NaN or infinite, which JSON does not have\. The platform stores such a number"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Timestamp(seconds=10**15), CONVERTED),
        (Duration(seconds=10**15), CONVERTED),
        (Any(type_url="type.googleapis.com/no.such.Type", value=b"x"), CONVERTED),
        (Value(number_value=float("nan")), NOT_FINITE),
        (Value(number_value=float("inf")), NOT_FINITE),
        (Value(number_value=float("-inf")), NOT_FINITE),
        (FieldMask(paths=["A__b"]), CONVERTED),
    ],
)
def test_an_answer_that_cannot_be_json_is_one_error(client, message, words):
    kind = message.DESCRIPTOR
    root = file("root.proto", kind.file.name, answer="Bad")
    bad = root.message_type.add(name="Bad")
    bad.field.add(name="it", number=1, type=11, label=1, type_name=f".{kind.full_name}")
    content = message.SerializeToString()
    made = client(described(root), answer=b"\n" + bytes([len(content)]) + content)
    with pytest.raises(ServerError, match=words):
        made.call("identity.Provider.list")
