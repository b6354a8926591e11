"""PyPI's `ksqldb` against the server whose URL is the one argument: what it can do, it does here."""

import asyncio
import sys

from ksqldb import KSQLdbClient

client = KSQLdbClient(sys.argv[1])
name = "py_words"

created = client.ksql(
    f"CREATE STREAM {name} (id INT KEY, word VARCHAR) WITH (KAFKA_TOPIC='{name}', VALUE_FORMAT='JSON', PARTITIONS=1);"
)
assert created[0]["commandStatus"]["status"] == "SUCCESS", created

streams = client.ksql("LIST STREAMS;")[0]["streams"]
assert name.upper() in [stream["name"] for stream in streams], streams
assert any(found["name"] == "ksql.service.id" for found in client.get_properties())

acks = client.inserts_stream(name, [{"ID": 1, "WORD": "tree"}, {"ID": 2, "WORD": "wind"}, {"WORD": "no key"}])
assert [ack["status"] for ack in acks] == ["ok", "ok", "error"], acks
assert client.ksql(f"INSERT INTO {name} VALUES (3, 'rain');") == []

pulled = client.query_sync(f"SELECT * FROM {name};")
assert pulled[0]["columnNames"] == ["ID", "WORD"], pulled
assert pulled[1:] == [[1, "tree"], [2, "wind"], [3, "rain"]], pulled


async def push_with_limit():
    earliest = {"auto.offset.reset": "earliest"}
    query = f"SELECT word FROM {name} WHERE id > 1 EMIT CHANGES LIMIT 2;"
    return [row async for row in client.query_async(query, stream_properties=earliest)]


pushed = asyncio.run(push_with_limit())
assert pushed[1:] == [["wind"], ["rain"]], pushed


async def push_until_closed():
    rows = []
    async for row in client.query_async(f"SELECT * FROM {name} EMIT CHANGES;"):
        rows.append(row)
        closed = await asyncio.to_thread(client.close_query, row["queryId"])
        assert closed
    return rows


assert len(asyncio.run(push_until_closed())) == 1
assert not client.close_query("no_such_query")

query = client.ksql(f"CREATE STREAM {name}_long AS SELECT * FROM {name} WHERE LEN(word) > 3 EMIT CHANGES;")
query_id = query[0]["commandStatus"]["queryId"]
terminated = client.ksql(f"TERMINATE {query_id};")
assert terminated[0]["commandStatus"]["message"] == "Query terminated.", terminated
print("done")
