"""One peer on two logs of orders, in a process of its own: `peers.py PEER FOLDER [COMMAND...]`.

The folder has baseline.avro and canary.avro; `convert` makes Parquet of them. A peer says in one line of JSON how long it
took on the wall and on the cores, its peak of resident bytes, and how many orders it found to differ. What counts is the
work alone: imports and the start of the interpreter do not.
"""

import json
import resource
import subprocess
import sys
import time

SIDES = ("baseline", "canary")
# What differs between any two pipelines, and is not compared.
IGNORED = ("processed_at", "trace_id")


def fastavro_dict(folder):
    """What a careful engineer scripts: one side in a dictionary, the other looked up in it."""
    import fastavro

    def work():
        def orders(side):
            with open(f"{folder}/{side}.avro", "rb") as file:
                for order in fastavro.reader(file):
                    for name in IGNORED:
                        del order[name]
                    yield order

        known = {order["order_id"]: order for order in orders("baseline")}
        mismatched = extra = 0
        for order in orders("canary"):
            other = known.pop(order["order_id"], None)
            if other is None:
                extra += 1
            elif other != order:
                mismatched += 1
        return mismatched + extra + len(known)

    return work


def convert(folder):
    """Parquet for those that do not read the files, maps sorted by hand: not counted for anybody."""
    import fastavro
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, money, moment = pa.string(), pa.decimal128(12, 2), pa.timestamp("us", "UTC")
    address = pa.struct([(name, text) for name in ("street", "city", "postcode", "country")])
    customer = pa.struct([("id", pa.int64()), ("name", text), ("email", text), ("address", address)])
    item = pa.struct([("sku", text), ("qty", pa.int32()), ("unit_price", money), ("discount", pa.float64())])
    schema = pa.schema(
        [
            ("order_id", text),
            ("customer", customer),
            ("items", pa.list_(item)),
            ("attributes", pa.map_(text, text)),
            ("total", money),
            ("coupon", text),
            ("status", text),
            ("event_time", moment),
            ("ship_date", pa.date32()),
            ("processed_at", moment),
            ("trace_id", text),
        ]
    )

    def work():
        for side in SIDES:
            with open(f"{folder}/{side}.avro", "rb") as file, pq.ParquetWriter(f"{folder}/{side}.parquet", schema) as out:
                batch = []

                def write():
                    out.write_table(pa.Table.from_pylist(batch, schema))
                    batch.clear()

                for order in fastavro.reader(file):
                    order["attributes"] = sorted(order["attributes"].items())
                    batch.append(order)
                    if len(batch) == 50_000:
                        write()
                if batch:
                    write()
        return 0

    return work


def duckdb_join(threads):
    def prepare(folder):
        import duckdb

        def work():
            database = duckdb.connect()
            database.execute(f"SET threads = {threads}")
            described = database.execute(f"DESCRIBE SELECT * FROM '{folder}/baseline.parquet'").fetchall()
            names = [row[0] for row in described if row[0] not in (*IGNORED, "order_id")]
            differs = " OR ".join(f"b.{name} IS DISTINCT FROM c.{name}" for name in names)
            query = f"""
                SELECT count(*) FROM '{folder}/baseline.parquet' b FULL OUTER JOIN '{folder}/canary.parquet' c
                ON b.order_id = c.order_id WHERE b.order_id IS NULL OR c.order_id IS NULL OR {differs}"""
            return database.execute(query).fetchone()[0]

        return work

    return prepare


def datacompy_polars(folder):
    import datacompy
    import polars as pl

    def flat(side):
        # It compares columns of plain values only.
        frame = pl.read_parquet(f"{folder}/{side}.parquet").drop(IGNORED)
        nested = [name for name, kind in frame.schema.items() if kind.is_nested()]

        def text(name, kind):
            if isinstance(kind, pl.Struct):
                return pl.col(name).struct.json_encode()
            return pl.struct(pl.col(name)).struct.json_encode().alias(name)

        return frame.with_columns([text(name, frame.schema[name]) for name in nested])

    def work():
        compare = datacompy.PolarsCompare(flat("baseline"), flat("canary"), join_columns="order_id", cast_column_names_lower=False)
        differ = len(compare.all_mismatch())
        return differ + len(compare.df1_unq_rows) + len(compare.df2_unq_rows)

    return work


def program(folder):
    """The program itself."""

    def work():
        done = subprocess.run(sys.argv[3:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        stream = json.loads(done.stdout)["streams"][0]
        return sum(stream["outcomes"][name] for name in ("mismatched", "missing", "extra"))

    return work


PEERS = {
    "convert": convert,
    "fastavro": fastavro_dict,
    "duckdb-1": duckdb_join(1),
    "duckdb-2": duckdb_join(2),
    "datacompy": datacompy_polars,
    "program": program,
}


def main():
    name, folder = sys.argv[1:3]
    who = resource.RUSAGE_CHILDREN if name == "program" else resource.RUSAGE_SELF
    work = PEERS[name](folder)

    def on_cores():
        used = resource.getrusage(who)
        return used.ru_utime + used.ru_stime

    before, began = on_cores(), time.perf_counter()
    found = work()
    wall, cores = time.perf_counter() - began, on_cores() - before
    peak = resource.getrusage(who).ru_maxrss
    if who == resource.RUSAGE_SELF:
        # `ru_maxrss` remembers what was there before this program began.
        with open("/proc/self/status", encoding="ascii") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    print(json.dumps({"wall": wall, "cores": cores, "peak": peak * 1024, "found": found}))


main()
