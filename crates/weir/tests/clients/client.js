// npm's `ksqldb-client` against the server at the host and port of the two arguments: what it can do, it does here.

const assert = require("assert");
const KsqldbClient = require("ksqldb-client");

const name = "js_words";

async function main() {
    const client = new KsqldbClient({ host: `http://${process.argv[2]}`, port: process.argv[3], timeout: 10000 });
    await client.connect();

    const created = await client.executeStatement(
        "CREATE STREAM ${NAME} (id INT KEY, word VARCHAR) WITH (KAFKA_TOPIC='${NAME}', VALUE_FORMAT='JSON', PARTITIONS=1);",
        { sessionVariables: { NAME: name } },
    );
    assert.strictEqual(created.status, 200, JSON.stringify(created));
    assert.strictEqual(created.data.rows.length, 1);

    assert((await client.listStreams()).find((stream) => stream.name === name.toUpperCase()));
    assert((await client.listTopics()).find((topic) => topic.name === name));
    assert.deepStrictEqual(await client.listTables(), []);
    assert.strictEqual((await client.describeSource(name)).name, name.toUpperCase());

    for (const [id, word] of [[1, "tree"], [2, "wind"]]) {
        const inserted = await client.insertInto(name, { id, word });
        assert.strictEqual(inserted.data.rows[0].status, "ok", JSON.stringify(inserted));
    }

    const pulled = await client.query(`SELECT * FROM ${name} WHERE word = 'wind';`);
    assert.strictEqual(pulled.error, undefined);
    assert.deepStrictEqual(pulled.data.metadata.columnNames, ["ID", "WORD"]);
    assert.strictEqual(pulled.data.rows.length, 1);

    const wrong = await client.query("SELECT * FROM;");
    assert.strictEqual(wrong.error.error_code, 40001);
    assert.strictEqual(wrong.status, 400);

    const rows = [];
    const pushed = await client.streamQuery(
        `SELECT * FROM ${name} EMIT CHANGES LIMIT 2;`,
        (data) => rows.push(...(data.rows || [])),
        { streamsProperties: { "auto.offset.reset": "earliest" }, properties: { "auto.offset.reset": "earliest" } },
    );
    assert.strictEqual(pushed.status, 200, JSON.stringify(pushed));
    assert.strictEqual(rows.length, 2, JSON.stringify(rows));

    let closed;
    const endless = await client.streamQuery(`SELECT * FROM ${name} EMIT CHANGES;`, async ({ metadata }) => {
        if (metadata.queryId && !closed) {
            closed = client.terminatePushQuery(metadata.queryId);
        }
    });
    assert.strictEqual(endless.status, 200, JSON.stringify(endless));
    assert.strictEqual((await closed).status, 200);
    assert.strictEqual((await client.terminatePushQuery("WrongId")).status, 400);

    const query = await client.executeStatement(`CREATE STREAM ${name}_long AS SELECT * FROM ${name} EMIT CHANGES;`);
    assert.strictEqual(query.status, 200, JSON.stringify(query));
    const running = await client.listQueries();
    const { id } = running.find((found) => found.sinks.includes(`${name}_long`.toUpperCase()));
    const terminated = await client.executeStatement(`TERMINATE ${id};`);
    assert.strictEqual(terminated.status, 200, JSON.stringify(terminated));

    await client.disconnect();
    console.log("done");
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
