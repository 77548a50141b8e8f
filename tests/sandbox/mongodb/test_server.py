from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import InsertOne, MongoClient, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError

from sandbox.mongodb import cli
from tests.sandbox.mongodb.conftest import PASSWORD, USER
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.integration


def test_writes_and_reads(database: Any) -> None:
    plants = database["plants"]
    plants.insert_one({"_id": 1, "name": "fern", "sub": {"l": [1, {"x": None}]}})
    assert plants.find_one({"name": "fern"}) == {"_id": 1, "name": "fern", "sub": {"l": [1, {"x": None}]}}
    assert plants.count_documents({}) == plants.estimated_document_count() == 1
    assert plants.distinct("sub.l.x") == [None]
    plants.delete_one({"_id": 1})
    assert plants.find_one() is None


def test_many_documents_come_in_batches(database: Any) -> None:
    plants = database["plants"]
    plants.insert_many([{"_id": number, "text": "x" * 2000} for number in range(3000)])
    assert [document["_id"] for document in plants.find().batch_size(70)] == list(range(3000))
    assert len(list(plants.aggregate([{"$match": {"_id": {"$gte": 1000}}}]))) == 2000


def test_duplicate_key(database: Any) -> None:
    plants = database["plants"]
    plants.create_index([("name", 1), ("shop", -1)], unique=True)
    plants.insert_one({"name": "fern", "shop": 1})
    with pytest.raises(DuplicateKeyError) as caught:
        plants.insert_one({"name": "fern", "shop": 1})
    assert caught.value.details is not None
    assert caught.value.details["keyPattern"] == {"name": 1, "shop": -1}
    plants.insert_one({"name": "moss", "shop": 1})
    with pytest.raises(DuplicateKeyError):
        plants.update_one({"name": "moss"}, {"$set": {"name": "fern"}})
    with pytest.raises(DuplicateKeyError):
        plants.find_one_and_update({"name": "moss"}, {"$set": {"name": "fern"}})
    with pytest.raises(BulkWriteError):
        plants.insert_many([{"name": "palm"}, {"name": "palm"}])
    assert plants.count_documents({}) == 3


def test_updates(database: Any) -> None:
    plants = database["plants"]
    result = plants.update_one({"_id": 1}, {"$set": {"l": [{"k": 1}, {"k": 2}]}}, upsert=True)
    assert result.upserted_id == 1
    plants.update_one({"_id": 1}, {"$set": {"l.$[e].v": 5}}, array_filters=[{"e.k": 2}])
    plants.update_one({"_id": 1}, [{"$set": {"size": {"$size": "$l"}}}])
    assert plants.find_one() == {"_id": 1, "l": [{"k": 1}, {"k": 2, "v": 5}], "size": 2}
    assert plants.replace_one({"_id": 1}, {"n": 1}).modified_count == 1
    assert plants.find_one_and_update(
        {"_id": 1}, {"$inc": {"n": 1}}, return_document=ReturnDocument.AFTER
    ) == {
        "_id": 1,
        "n": 2,
    }
    assert plants.find_one_and_delete({"_id": 1}) == {"_id": 1, "n": 2}
    result = plants.bulk_write([InsertOne({"_id": 5}), UpdateOne({"_id": 5}, {"$set": {"a": 1}})])
    assert (result.inserted_count, result.modified_count) == (1, 1)


def test_unacknowledged_write_gets_no_reply(server: Any) -> None:
    with server.client(w=0, maxPoolSize=1) as client:
        plants = client["shop"]["plants"]
        plants.insert_one({"_id": 1})
        assert plants.find_one({"_id": 1}) == {"_id": 1}


def test_listings(database: Any) -> None:
    database["plants"].create_index("a", name="by_a")
    assert database.list_collection_names() == ["plants"]
    assert set(database["plants"].index_information()) == {"_id_", "by_a"}
    assert list(database["nothing"].list_indexes()) == []
    assert database.client.list_database_names() == ["shop"]
    assert database.client.server_info()["version"] == "7.0.0"
    database.client.drop_database("shop")
    assert database.list_collection_names() == []


def test_errors_as_pymongo_sees_them(database: Any) -> None:
    with pytest.raises(OperationFailure) as caught:
        database.command("nonsense")
    assert caught.value.code == 59
    with pytest.raises(OperationFailure, match="unknown top level operator"):
        database["plants"].find_one({"$nonsense": 1})


def test_sessions(database: Any) -> None:
    with database.client.start_session() as session:
        database["plants"].insert_one({"_id": 1}, session=session)
        assert database["plants"].find_one({}, session=session) == {"_id": 1}


def test_a_client_without_a_user_may_ask_whether_it_is_there_and_nothing_else(server: Any) -> None:
    with MongoClient("127.0.0.1", server.port, timeoutMS=PATIENCE * 1000) as client:
        assert client.admin.command("ping")["ok"] == 1.0
        with pytest.raises(OperationFailure, match="requires authentication"):
            client["shop"]["plants"].find_one()
        with pytest.raises(OperationFailure, match="requires authentication"):
            client["shop"]["plants"].insert_one({"_id": 1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"username": "somebody"},
        {"authMechanism": "SCRAM-SHA-1"},
        {"authMechanism": "PLAIN", "authSource": "$external"},
    ],
)
def test_a_wrong_name_password_or_mechanism_is_refused(server: Any, wrong: dict[str, str]) -> None:
    with server.client(**wrong) as client, pytest.raises(OperationFailure) as caught:
        client["shop"]["plants"].find_one()
    assert caught.value.code in {18, 334}


def test_a_wrong_proof_does_not_let_in_a_second_try(server: Any) -> None:
    with server.client(password="wrong") as client, pytest.raises(OperationFailure):
        client.admin.command("listDatabases")
    with server.client(username=USER, password=PASSWORD) as client:
        assert client.list_database_names() == []


def test_other_protocol_is_hung_up_on(server: Any) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(100) == b""


def test_stop_and_start(launch: Callable[[Path], Any], tmp_path: Path) -> None:
    server = launch(tmp_path / "data")
    with server.client() as client:
        client["shop"]["plants"].create_index("name", unique=True)
        client["shop"]["plants"].insert_many([{"_id": number, "name": number} for number in range(500)])
        client["shop"]["plants"].update_one({"_id": 499}, {"$set": {"last": True}})
    assert server.stop() == 0
    with launch(tmp_path / "data").client() as client:
        plants = client["shop"]["plants"]
        assert plants.count_documents({}) == 500
        assert plants.find_one({"_id": 499}) == {"_id": 499, "name": 499, "last": True}
        with pytest.raises(DuplicateKeyError):
            plants.insert_one({"name": 5})


def test_stop_while_a_client_is_connected(launch: Callable[[Path], Any], tmp_path: Path) -> None:
    server = launch(tmp_path / "data")
    with server.client() as client:
        client["shop"]["plants"].insert_one({"_id": 1})
        assert server.stop() == 0
    with launch(tmp_path / "data").client() as client:
        assert client["shop"]["plants"].find_one() == {"_id": 1}


def test_a_kill_in_the_middle_of_writes_loses_nothing_that_was_acknowledged(
    launch: Callable[[Path], Any], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    server = launch(data)
    acknowledged: list[list[str]] = [[] for _ in range(4)]

    def write(mine: list[str]) -> None:
        with server.client() as client, contextlib.suppress(PyMongoError):
            for number in range(100_000):
                name = f"{id(mine)}-{number}"
                client["shop"]["plants"].insert_one({"_id": name})
                mine.append(name)

    writers = [threading.Thread(target=write, args=(mine,)) for mine in acknowledged]
    for writer in writers:
        writer.start()
    wait_for(lambda: all(len(mine) > 50 for mine in acknowledged))
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    for writer in writers:
        writer.join()
    with launch(data).client() as client:
        kept = {each["_id"] for each in client["shop"]["plants"].find()}
    assert not {name for mine in acknowledged for name in mine} - kept


def test_used_port_is_told(server: Any, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        cli.__package__ or "",
        "--port",
        str(server.port),
        "--data",
        str(tmp_path / "a"),
    ]
    taken = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert taken.returncode == 1
    assert f"Port {server.port} of 127.0.0.1 cannot be listened on" in taken.stderr
    assert "Traceback" not in taken.stderr


def test_file_in_use_is_told(launch: Callable[[Path], Any], tmp_path: Path) -> None:
    launch(tmp_path / "data")
    command = [sys.executable, "-m", cli.__package__ or "", "--port", "0", "--data", str(tmp_path / "data")]
    taken = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert taken.returncode == 1
    assert "another server has it open" in taken.stderr
    assert "Traceback" not in taken.stderr


def test_many_clients_at_once(database: Any) -> None:
    plants = database["plants"]
    plants.create_index("name", unique=True)
    failures: list[Exception] = []

    def work(worker: int) -> None:
        try:
            for number in range(50):
                plants.update_one({"_id": "counter"}, {"$inc": {"n": 1}}, upsert=True)
                plants.insert_one({"name": f"{worker}-{number}"})
                assert plants.count_documents({"name": f"{worker}-{number}"}) == 1
        except Exception as error:  # noqa: BLE001 - whatever a thread meets, the test is to fail of it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert plants.find_one({"_id": "counter"})["n"] == 400
    assert plants.count_documents({"name": {"$exists": True}}) == 400
