//! The table of the vectors: schemas, bytes, and what must come of them, each row reviewed by hand.
//!
//! What must come: hexadecimal digits are the canonical bytes; `=` the bytes themselves; `~` and digits the tagged form
//! behind its flags, `~` alone any tagged form; `!` a reason.

pub struct Row {
    pub name: &'static str,
    pub writer: &'static str,
    pub contract: &'static str,
    pub bytes: &'static str,
    pub expect: &'static str,
    /// `side=canary`, `ignore=`, `tolerant=`, `rename=from:to`, `identity=field:a`, `time=`, `defaults`, apart by blanks.
    pub rules: &'static str,
}

const fn row(
    name: &'static str,
    writer: &'static str,
    contract: &'static str,
    bytes: &'static str,
    expect: &'static str,
) -> Row {
    Row {
        name,
        writer,
        contract,
        bytes,
        expect,
        rules: "",
    }
}

const fn ruled(
    name: &'static str,
    writer: &'static str,
    contract: &'static str,
    bytes: &'static str,
    expect: &'static str,
    rules: &'static str,
) -> Row {
    Row {
        name,
        writer,
        contract,
        bytes,
        expect,
        rules,
    }
}

const DEC2: &str = r#"{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}"#;
const DEC3: &str = r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}"#;
const DEC_LONG: &str = r#"{"type":"bytes","logicalType":"decimal","precision":60,"scale":40}"#;
const FIX4: &str = r#"{"type":"fixed","name":"F4","size":4,"logicalType":"decimal","precision":6,"scale":2}"#;
const FIX8: &str = r#"{"type":"fixed","name":"F8","size":8,"logicalType":"decimal","precision":9,"scale":3}"#;
const PLAIN4: &str = r#"{"type":"fixed","name":"P4","size":4}"#;
const BIG: &str = r#"{"type":"bytes","logicalType":"big-decimal"}"#;
const UUID_TEXT: &str = r#"{"type":"string","logicalType":"uuid"}"#;
const UUID_FIXED: &str = r#"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#;
const FIX16: &str = r#"{"type":"fixed","name":"U","size":16}"#;
const DATE: &str = r#"{"type":"int","logicalType":"date"}"#;
const TIME_MS: &str = r#"{"type":"int","logicalType":"time-millis"}"#;
const TIME_US: &str = r#"{"type":"long","logicalType":"time-micros"}"#;
const TS_MS: &str = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
const TS_US: &str = r#"{"type":"long","logicalType":"timestamp-micros"}"#;
const TS_NS: &str = r#"{"type":"long","logicalType":"timestamp-nanos"}"#;
const LOCAL_MS: &str = r#"{"type":"long","logicalType":"local-timestamp-millis"}"#;
const LOCAL_US: &str = r#"{"type":"long","logicalType":"local-timestamp-micros"}"#;
const LOCAL_NS: &str = r#"{"type":"long","logicalType":"local-timestamp-nanos"}"#;
const DURATION: &str = r#"{"type":"fixed","name":"D","size":12,"logicalType":"duration"}"#;
const FIX12: &str = r#"{"type":"fixed","name":"D","size":12}"#;
const ENUM_ABC: &str = r#"{"type":"enum","name":"E","symbols":["A","B","C"]}"#;
const ENUM_CBA: &str = r#"{"type":"enum","name":"E","symbols":["C","B","A"]}"#;
const ENUM_AX: &str = r#"{"type":"enum","name":"E","symbols":["A","X"],"default":"A"}"#;
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
    // Primitives.
    row("null", "null", "null", "", "="),
    row("boolean false", "boolean", "boolean", "00", "="),
    row("boolean true", "boolean", "boolean", "01", "="),
    row("boolean two", "boolean", "boolean", "02", "!malformed"),
    row("int zero", "int", "int", "00", "="),
    row("int least", "int", "int", "ffffffff0f", "="),
    row("int not minimal", "int", "int", "8200", "02"),
    row("int too wide", "int", "int", "8080808010", "!malformed"),
    row("long most", "long", "long", "feffffffffffffffff01", "="),
    row("long not minimal", "long", "long", "82808000", "02"),
    row(
        "long of ten bytes for one",
        "long",
        "long",
        "82808080808080808000",
        "02",
    ),
    row(
        "long of eleven bytes",
        "long",
        "long",
        "8280808080808080808000",
        "!malformed",
    ),
    row("long of 65 bits", "long", "long", "ffffffffffffffffff02", "!malformed"),
    row("float", "float", "float", "0000803f", "="),
    row("float minus zero", "float", "float", "00000080", "="),
    row("float zero", "float", "float", "00000000", "="),
    row("float nan", "float", "float", "0000c07f", "="),
    row("float other nan", "float", "float", "010080ff", "0000c07f"),
    row("float infinite", "float", "float", "0000807f", "="),
    row("double", "double", "double", "000000000000f03f", "="),
    row("double minus zero", "double", "double", "0000000000000080", "="),
    row("double nan", "double", "double", "010000000000f0ff", "000000000000f87f"),
    row("double cut", "double", "double", "00000000000000", "!truncated"),
    row("bytes", "bytes", "bytes", "0400ff", "="),
    row("bytes empty", "bytes", "bytes", "00", "="),
    row("bytes with a long length", "bytes", "bytes", "840000ff", "0400ff"),
    row("bytes of negative length", "bytes", "bytes", "01", "!bounds"),
    row("bytes of two gigabytes", "bytes", "bytes", "8080808010", "!bounds"),
    row("bytes cut", "bytes", "bytes", "04ff", "!truncated"),
    row("string", "string", "string", "06e282ac", "="),
    row("string not utf-8", "string", "string", "04c328", "!utf8"),
    row("string surrogate", "string", "string", "06eda080", "!utf8"),
    row("trailing byte", "string", "string", "026100", "!trailing"),
    row("nothing at all", "string", "string", "", "!truncated"),
    row("fixed", PLAIN4, PLAIN4, "01020304", "="),
    row("fixed cut", PLAIN4, PLAIN4, "010203", "!truncated"),
    row(
        "fixed of another name",
        PLAIN4,
        r#"{"type":"fixed","name":"Q","size":4}"#,
        "01020304",
        "=",
    ),
    row(
        "fixed of another size",
        PLAIN4,
        r#"{"type":"fixed","name":"P4","size":5}"#,
        "01020304",
        "~",
    ),
    row("enum", ENUM_ABC, ENUM_ABC, "04", "="),
    row("enum out of range", ENUM_ABC, ENUM_ABC, "06", "!malformed"),
    row("enum negative", ENUM_ABC, ENUM_ABC, "01", "!malformed"),
    row("enum by name", ENUM_CBA, ENUM_ABC, "04", "00"),
    row("enum symbol outside", ENUM_ABC, ENUM_AX, "02", "~030242"),
    row("enum symbol inside", ENUM_ABC, ENUM_AX, "00", "="),
    row("enum into string", ENUM_ABC, "string", "00", "~"),
    // Integers and floats.
    row("int into long", "int", "long", "f1ffffff0f", "="),
    row("long into int", "long", "int", "f1ffffff0f", "="),
    row("long into int, too wide", "long", "int", "8080808010", "~"),
    row("int into float", "int", "float", "02", "0000803f"),
    row("int into float, inexact", "int", "float", "82808010", "~"),
    row("int into double", "int", "double", "03", "00000000000000c0"),
    row(
        "long into double",
        "long",
        "double",
        "80808080808080808001",
        "000000000000d043",
    ),
    row(
        "long into double, inexact",
        "long",
        "double",
        "82808080808080808001",
        "~",
    ),
    row("long most into double", "long", "double", "feffffffffffffffff01", "~"),
    row(
        "long least into double",
        "long",
        "double",
        "ffffffffffffffffff01",
        "000000000000e0c3",
    ),
    row("long into float, inexact", "long", "float", "82808010", "~"),
    row("float into double", "float", "double", "cdcccc3d", "000000a09999b93f"),
    row(
        "float nan into double",
        "float",
        "double",
        "010080ff",
        "000000000000f87f",
    ),
    row("double into float", "double", "float", "000000a09999b93f", "cdcccc3d"),
    row("double into float, inexact", "double", "float", "9a9999999999b93f", "~"),
    row(
        "double minus zero into float",
        "double",
        "float",
        "0000000000000080",
        "00000080",
    ),
    row(
        "double nan into float",
        "double",
        "float",
        "010000000000f0ff",
        "0000c07f",
    ),
    row(
        "double infinite into float",
        "double",
        "float",
        "000000000000f07f",
        "0000807f",
    ),
    row("double too large for float", "double", "float", "000000000000f047", "~"),
    row("double into long", "double", "long", "000000000000f03f", "~"),
    row("float into int", "float", "int", "0000803f", "~"),
    row("boolean into int", "boolean", "int", "01", "~"),
    row("string into int", "string", "int", "0231", "~"),
    row("int into string", "int", "string", "02", "~"),
    row("null into string", "null", "string", "", "~"),
    // Text and bytes.
    row("string into bytes", "string", "bytes", "0461c2", "!utf8"),
    row("string into bytes, held", "string", "bytes", "06e282ac", "="),
    row("bytes into string", "bytes", "string", "8600e282ac", "06e282ac"),
    row("bytes into string, not utf-8", "bytes", "string", "02ff", "~"),
    row("bytes into fixed", "bytes", PLAIN4, "0801020304", "~"),
    row("uuid text into string", UUID_TEXT, "string", "0261", "="),
    row("string into uuid text", "string", UUID_TEXT, "0261", "="),
    row(
        "uuid fixed into string",
        UUID_FIXED,
        "string",
        "00112233445566778899aabbccddeeff",
        "4830303131323233332d343435352d363637372d383839392d616162626363646465656666",
    ),
    row(
        "uuid text into uuid fixed",
        UUID_TEXT,
        UUID_FIXED,
        "4830303131323233332d343435352d363637372d383839392d616162626363646465656666",
        "00112233445566778899aabbccddeeff",
    ),
    row(
        "string into uuid fixed, upper case",
        "string",
        UUID_FIXED,
        "4830303131323233332d343435352d363637372d383839392d414142424343444445454646",
        "~",
    ),
    row("string into uuid fixed, no uuid", "string", UUID_FIXED, "0261", "~"),
    row(
        "uuid fixed into fixed",
        UUID_FIXED,
        FIX16,
        "00112233445566778899aabbccddeeff",
        "=",
    ),
    row(
        "uuid fixed into bytes",
        UUID_FIXED,
        "bytes",
        "00112233445566778899aabbccddeeff",
        "~",
    ),
    row(
        "fixed into string",
        FIX16,
        "string",
        "00112233445566778899aabbccddeeff",
        "~",
    ),
    // Times.
    row("date", DATE, DATE, "a09c01", "="),
    row("date into int", DATE, "int", "a09c01", "="),
    row("int into date", "int", DATE, "a09c01", "="),
    row("date into time", DATE, TIME_MS, "02", "~"),
    row("date into timestamp", DATE, TS_MS, "02", "~"),
    row("time millis into micros", TIME_MS, TIME_US, "02", "d00f"),
    row("time micros into millis", TIME_US, TIME_MS, "d00f", "02"),
    row("time micros into millis, inexact", TIME_US, TIME_MS, "d20f", "~"),
    row(
        "time micros into millis, too wide",
        TIME_US,
        TIME_MS,
        "80a0f6f4acdbe01b",
        "~",
    ),
    row("timestamp millis", TS_MS, TS_MS, "02", "="),
    row("timestamp millis into micros", TS_MS, TS_US, "01", "cf0f"),
    row("timestamp millis into nanos", TS_MS, TS_NS, "02", "80897a"),
    row("timestamp nanos into millis", TS_NS, TS_MS, "80897a", "02"),
    row("timestamp nanos into micros, inexact", TS_NS, TS_US, "02", "~"),
    row("timestamp micros into millis, inexact", TS_US, TS_MS, "d20f", "~"),
    row(
        "timestamp millis into nanos, too wide",
        TS_MS,
        TS_NS,
        "feffffffffffffffff01",
        "~",
    ),
    row("timestamp into long", TS_US, "long", "d20f", "="),
    row("long into timestamp", "long", TS_US, "d20f", "="),
    row("int into timestamp", "int", TS_MS, "02", "="),
    row("timestamp into double", TS_MS, "double", "02", "000000000000f03f"),
    row("timestamp into local timestamp", TS_MS, LOCAL_MS, "02", "~"),
    row("local millis into micros", LOCAL_MS, LOCAL_US, "02", "d00f"),
    row("local nanos into millis", LOCAL_NS, LOCAL_MS, "80897a", "02"),
    row("local micros into nanos", LOCAL_US, LOCAL_NS, "02", "d00f"),
    row("timestamp into time", TS_US, TIME_US, "02", "~"),
    row("timestamp into string", TS_MS, "string", "02", "~"),
    row("duration", DURATION, DURATION, "010000000200000003000000", "="),
    row("duration into fixed", DURATION, FIX12, "010000000200000003000000", "="),
    row("fixed into duration", FIX12, DURATION, "010000000200000003000000", "="),
    // Decimals.
    row("decimal", DEC2, DEC2, "0204", "="),
    row("decimal padded", DEC2, DEC2, "06000004", "0204"),
    row("decimal padded negative", DEC2, DEC2, "06ffffff", "02ff"),
    row("decimal 128", DEC2, DEC2, "040080", "="),
    row("decimal without bytes", DEC2, DEC2, "00", "0200"),
    row("decimal of too many digits", DEC2, DEC2, "060f4240", "~"),
    row("decimal of just enough digits", DEC2, DEC2, "060f423f", "="),
    row("decimal scale up", DEC2, DEC3, "0204", "0228"),
    row("decimal scale down", DEC3, DEC2, "0228", "0204"),
    row("decimal scale down, inexact", DEC3, DEC2, "0229", "~"),
    row(
        "decimal scale up, far",
        DEC2,
        DEC_LONG,
        "02ff",
        "20b4c4b357a5793b85f675ddc000000000",
    ),
    row("decimal fixed", FIX4, FIX4, "00000004", "0204"),
    row("decimal fixed into bytes", FIX4, DEC2, "fffffffc", "02fc"),
    row("decimal bytes into fixed", DEC2, FIX4, "0204", "0204"),
    row("decimal fixed into wider fixed", FIX4, FIX8, "00000004", "0228"),
    row("decimal into bytes", DEC2, "bytes", "06000004", "="),
    row("bytes into decimal", "bytes", DEC2, "06000004", "0204"),
    row("decimal fixed into plain fixed", FIX4, PLAIN4, "00000004", "="),
    row("plain fixed into decimal fixed", PLAIN4, FIX4, "00000004", "0204"),
    row("decimal fixed into bytes without scale", FIX4, "bytes", "00000004", "~"),
    row("int into decimal", "int", DEC2, "02", "0264"),
    row("long into decimal", "long", DEC3, "03", "04f830"),
    row("long into decimal, too many digits", "long", DEC2, "a09c01", "~"),
    row("timestamp into decimal", TS_MS, DEC2, "02", "~"),
    row("double into decimal", "double", DEC2, "000000000000f03f", "~"),
    row("decimal into double", DEC2, "double", "0264", "~"),
    row("decimal into long", DEC2, "long", "0264", "~"),
    row("decimal into string", DEC2, "string", "0264", "~"),
    row("big decimal", BIG, BIG, "06020f04", "="),
    row("big decimal with zeros", BIG, BIG, "06026404", "06020100"),
    row("big decimal into decimal", BIG, DEC3, "06020f04", "040096"),
    row("decimal into big decimal", DEC2, BIG, "0264", "06020100"),
    row("int into big decimal", "int", BIG, "14", "06020101"),
    row("bytes into big decimal", "bytes", BIG, "06020f04", "="),
    row("big decimal into bytes", BIG, "bytes", "06026404", "="),
    row("big decimal that is none", BIG, BIG, "02ff", "~"),
    row("big decimal with a rest", BIG, BIG, "08020f0400", "~"),
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
