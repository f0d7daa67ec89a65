//! Arrays, maps, unions, records, and the rules.

use super::{Row, row, ruled};

const INTS: &str = r#"{"type":"array","items":"int"}"#;
const LONGS: &str = r#"{"type":"array","items":"long"}"#;
const TEXTS: &str = r#"{"type":"array","items":"string"}"#;
const NULLS: &str = r#"{"type":"array","items":"null"}"#;
const MAP: &str = r#"{"type":"map","values":"int"}"#;
const MAP_LONG: &str = r#"{"type":"map","values":"long"}"#;
const NULL_INT: &str = r#"["null","int"]"#;
const INT_NULL: &str = r#"["int","null"]"#;
const NULL_LONG: &str = r#"["null","long"]"#;
const NULL_TEXT: &str = r#"["null","string"]"#;
const NUMBERS: &str = r#"["long","double"]"#;
const PAIR: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"string"}]}"#;
const PAIR_BA: &str =
    r#"{"type":"record","name":"Other","fields":[{"name":"b","type":"string"},{"name":"a","type":"string"}]}"#;
const ONE: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}"#;
const THREE: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"x","type":"string"},{"name":"b","type":"string"}]}"#;
const DEFAULTED: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"n","type":["null","int"],"default":null},{"name":"m","type":"int","default":7}]}"#;
const ALIASED: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"z","aliases":["b"],"type":"string"}]}"#;
const RENAMED: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"q","type":"string"}]}"#;
const LIST: &str =
    r#"{"type":"record","name":"L","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","L"]}]}"#;
const LIST_LONG: &str =
    r#"{"type":"record","name":"L","fields":[{"name":"v","type":"long"},{"name":"next","type":["null","L"]}]}"#;
const ITEMS1: &str = r#"{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"a","type":"int"}]}}"#;
const ITEMS2: &str = r#"{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"a","type":"int"},{"name":"b","type":"int","default":3}]}}"#;
const EITHER: &str = r#"[{"type":"record","name":"n.A","fields":[{"name":"v","type":"int"}]},{"type":"record","name":"n.B","fields":[{"name":"v","type":"int"}]}]"#;
const EITHER_SWAPPED: &str = r#"[{"type":"record","name":"m.B","fields":[{"name":"v","type":"int"}]},{"type":"record","name":"m.A","fields":[{"name":"v","type":"int"}]}]"#;
const EVENT: &str = r#"{"type":"record","name":"Ev","fields":[{"name":"id","type":["null","long"]},{"name":"t","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"amount","type":"double"}]}"#;
const EVENT_MS: &str = r#"{"type":"record","name":"Ev","fields":[{"name":"id","type":"int"},{"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"amount","type":"double"}]}"#;
const EVENT_TEXT: &str =
    r#"{"type":"record","name":"Ev","fields":[{"name":"id","type":"long"},{"name":"t","type":"string"}]}"#;
const NAMESPACED: &str = r#"{"type":"record","name":"R","namespace":"one","fields":[{"name":"x","type":{"type":"fixed","name":"H","size":2}},{"name":"y","type":"H"},{"name":"z","type":"one.H"}]}"#;
const NAMESPACED_2: &str = r#"{"type":"record","name":"two.R","fields":[{"name":"x","type":{"type":"fixed","name":"G","size":2}},{"name":"y","type":"G"},{"name":"z","type":"two.G"}]}"#;

pub const ROWS: &[Row] = &[
    // Arrays and maps.
    row("array", INTS, INTS, "04020400", "="),
    row("array empty", INTS, INTS, "00", "="),
    row("array empty, long", INTS, INTS, "8000", "00"),
    row("array in blocks", INTS, INTS, "0202020400", "04020400"),
    row("array with sizes", INTS, INTS, "0304020400", "04020400"),
    row(
        "array in blocks with sizes",
        INTS,
        INTS,
        "010202010204020600",
        "06020406 00",
    ),
    row("array of a wrong size", INTS, INTS, "0306020400", "!malformed"),
    row("array with a long count", INTS, INTS, "8400020400", "04020400"),
    row("array cut", INTS, INTS, "040204", "!truncated"),
    row("array of more than is left", INTS, INTS, "c801020400", "!truncated"),
    row(
        "array of the least count",
        INTS,
        INTS,
        "ffffffffffffffffff01",
        "!bounds",
    ),
    row("array of nulls", NULLS, NULLS, "0600", "="),
    row("array of too many nulls", NULLS, NULLS, "8080808004", "!bounds"),
    row("array of longs", INTS, LONGS, "04020400", "="),
    row(
        "array with an item that is not held",
        LONGS,
        INTS,
        "0402808080801000",
        "~",
    ),
    row("array into int", INTS, "int", "00", "~"),
    row("array ab c", TEXTS, TEXTS, "04046162026300", "="),
    row("array a bc", TEXTS, TEXTS, "04026104626300", "="),
    row(
        "array in array",
        r#"{"type":"array","items":{"type":"array","items":"int"}}"#,
        r#"{"type":"array","items":{"type":"array","items":"int"}}"#,
        "0202020204000200 00",
        "04040204 00 00 00",
    ),
    row("map", MAP, MAP, "0402610202620400", "="),
    row("map empty", MAP, MAP, "00", "="),
    row("map out of order", MAP, MAP, "0402620402610200", "0402610202620400"),
    row("map in blocks", MAP, MAP, "02026204 02026102 00", "0402610202620400"),
    row(
        "map shorter key first",
        MAP,
        MAP,
        "04046162040261 0200",
        "04026102 046162 0400",
    ),
    row("map with a key twice", MAP, MAP, "0402610202610200", "!duplicate_key"),
    row(
        "map with a key twice in blocks",
        MAP,
        MAP,
        "0202610202 02610200",
        "!duplicate_key",
    ),
    row("map key not utf-8", MAP, MAP, "0202ff0200", "!utf8"),
    row("map of longs", MAP, MAP_LONG, "0402620402610200", "0402610202620400"),
    row(
        "map with a value that is not held",
        MAP_LONG,
        MAP,
        "0402620402618080808010 00",
        "~",
    ),
    row(
        "map skipped with a key twice",
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"m","type":{"type":"map","values":"int"}}]}"#,
        ONE,
        "02610402610202610200",
        "!duplicate_key",
    ),
    // Unions.
    row("union null", NULL_INT, NULL_INT, "00", "="),
    row("union value", NULL_INT, NULL_INT, "0202", "="),
    row("union out of range", NULL_INT, NULL_INT, "04", "!malformed"),
    row("union negative", NULL_INT, NULL_INT, "01", "!malformed"),
    row("union reordered, null", INT_NULL, NULL_INT, "02", "00"),
    row("union reordered, value", INT_NULL, NULL_INT, "0004", "0204"),
    row("union long index", NULL_INT, NULL_INT, "820002", "0202"),
    row("union by the only that fits", NULL_INT, NULL_LONG, "0202", "="),
    row("union, none fits", NULL_TEXT, NULL_LONG, "020261", "~"),
    row("union, two fit", "int", NUMBERS, "02", "~"),
    row(
        "union by name",
        "double",
        NUMBERS,
        "000000000000f03f",
        "02000000000000f03f",
    ),
    row("bare into nullable", "int", NULL_INT, "02", "0202"),
    row("null into nullable", "null", NULL_INT, "", "00"),
    row("nullable into bare", NULL_INT, "int", "0202", "02"),
    row("nullable null into bare", NULL_INT, "int", "00", "~"),
    row("nullable, branch not held", NULL_LONG, NULL_INT, "028080808010", "~"),
    row("union of records by last name", EITHER_SWAPPED, EITHER, "0008", "0208"),
    row("union of records, other", EITHER_SWAPPED, EITHER, "0208", "0008"),
    row(
        "record into union of records, unnamed",
        r#"{"type":"record","name":"C","fields":[{"name":"v","type":"int"}]}"#,
        EITHER,
        "08",
        "~",
    ),
    row(
        "record into nullable record",
        r#"{"type":"record","name":"C","fields":[{"name":"v","type":"int"}]}"#,
        r#"["null",{"type":"record","name":"A","fields":[{"name":"v","type":"int"}]}]"#,
        "08",
        "0208",
    ),
    // Records.
    row("record", PAIR, PAIR, "0261046263", "="),
    row("record ab c", PAIR, PAIR, "0461620263", "="),
    row("record cut", PAIR, PAIR, "0261", "!truncated"),
    row("record reordered", PAIR_BA, PAIR, "0462630261", "0261046263"),
    row("record with a field more", THREE, PAIR, "02610278046263", "0261046263"),
    row("record with a bad field more", THREE, PAIR, "026102ff046263", "!utf8"),
    row("record with a field less", ONE, PAIR, "0261", "="),
    row(
        "record with a field less in items",
        ITEMS1,
        ITEMS2,
        "02 06 00",
        "~00 02 00 0006 01 00",
    ),
    row(
        "record with a field more in items",
        ITEMS2,
        ITEMS1,
        "02 06 08 00",
        "020600",
    ),
    ruled(
        "absent is the default in items",
        ITEMS1,
        ITEMS2,
        "02 06 00",
        "02 06 06 00",
        "defaults",
    ),
    ruled("absent is the default", ONE, DEFAULTED, "0261", "0261000e", "defaults"),
    row("absent is not the default", ONE, DEFAULTED, "0261", "0261"),
    row("present default", DEFAULTED, DEFAULTED, "0261000e", "="),
    row("alias of the contract", PAIR, ALIASED, "0261046263", "="),
    row("alias of the writer", ALIASED, PAIR, "0261046263", "="),
    ruled(
        "rename on the canary",
        RENAMED,
        PAIR,
        "0261046263",
        "=",
        "side=canary rename=q:b",
    ),
    ruled(
        "rename is not for the baseline",
        RENAMED,
        PAIR,
        "0261046263",
        "0261",
        "rename=q:b",
    ),
    row(
        "namespaces and references",
        NAMESPACED,
        NAMESPACED_2,
        "000102030405",
        "=",
    ),
    row("recursive", LIST, LIST, "0202040200", "!truncated"),
    row("recursive list", LIST, LIST, "02 02 04 02 06 00", "="),
    row("recursive list of longs", LIST, LIST_LONG, "02 02 04 02 06 00", "="),
    row("recursive list not held", LIST_LONG, LIST, "02 02 8080808010 00", "~"),
    // Rules.
    ruled("ignored field", PAIR, PAIR, "0261046263", "0261", "ignore=b"),
    ruled(
        "ignored field with bad bytes",
        PAIR,
        PAIR,
        "026104c328",
        "!utf8",
        "ignore=b",
    ),
    ruled(
        "ignored field that is not held",
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"int"}]}"#,
        PAIR,
        "026102",
        "0261",
        "ignore=b",
    ),
    ruled("ignored absent field", ONE, PAIR, "0261", "0261", "ignore=b"),
    ruled(
        "ignored in items",
        ITEMS2,
        ITEMS2,
        "02 06 08 00",
        "02 06 00",
        "ignore=[*].b",
    ),
    ruled("ignored items", ITEMS2, ITEMS2, "02 06 08 00", "02 00", "ignore=[*]"),
    ruled(
        "identity and time",
        EVENT,
        EVENT,
        "020e d00f 000000000000f03f",
        "=",
        "identity=field:id time=t",
    ),
    ruled(
        "identity of another width, time of another unit",
        EVENT_MS,
        EVENT,
        "0e 02 000000000000f03f",
        "020e d00f 000000000000f03f",
        "identity=field:id time=t",
    ),
    ruled(
        "identity null",
        EVENT,
        EVENT,
        "00 d20f 000000000000f03f",
        "=",
        "identity=field:id time=t",
    ),
    ruled(
        "identity and time ignored",
        EVENT,
        EVENT,
        "020e d20f 000000000000f03f",
        "000000000000f03f",
        "identity=field:id time=t ignore=id ignore=t",
    ),
    ruled(
        "time of micros under millis",
        EVENT,
        EVENT_MS,
        "020e d20f 000000000000f03f",
        "~",
        "identity=field:id time=t",
    ),
    ruled(
        "time before the epoch",
        EVENT,
        EVENT,
        "020e 01 000000000000f03f",
        "=",
        "identity=field:id time=t",
    ),
    ruled(
        "time of text",
        EVENT_TEXT,
        EVENT_TEXT,
        "0e 28 313937302d30312d30315430303a30303a30315a",
        "=",
        "identity=field:id time=t",
    ),
    ruled(
        "time of no time",
        EVENT_TEXT,
        EVENT_TEXT,
        "0e 0261",
        "=",
        "identity=field:id time=t",
    ),
    ruled(
        "identity composite ab c",
        PAIR,
        PAIR,
        "0461620263",
        "=",
        "identity=field:a identity=field:b",
    ),
    ruled(
        "identity composite a bc",
        PAIR,
        PAIR,
        "0261046263",
        "=",
        "identity=field:a identity=field:b",
    ),
    ruled(
        "tolerant double",
        EVENT,
        EVENT,
        "020e d00f 9a9999999999b93f",
        "020ed00f",
        "tolerant=amount",
    ),
    ruled(
        "tolerant double, another value",
        EVENT,
        EVENT,
        "020e d00f 000000000000f03f",
        "020ed00f",
        "tolerant=amount",
    ),
    ruled(
        "tolerant time and nullable",
        EVENT,
        EVENT,
        "020e d20f 000000000000f03f",
        "02000000000000f03f",
        "tolerant=t tolerant=id",
    ),
    ruled(
        "tolerant null",
        EVENT,
        EVENT,
        "00 d20f 000000000000f07f",
        "00d20f",
        "tolerant=id tolerant=amount",
    ),
    ruled(
        "tolerant in the tagged form",
        EVENT,
        EVENT_MS,
        "020e d20f 000000000000f03f",
        "~",
        "tolerant=amount",
    ),
];
