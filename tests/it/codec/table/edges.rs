//! What a second implementation asked: ignored values, parts that are not held, defaults, the order of reasons.

use super::{Row, row, ruled};

const INSIDE: &str = r#"{"type":"record","name":"R","fields":[{"name":"x","type":"int"},{"name":"c","type":{"type":"record","name":"C","fields":[{"name":"g","type":"int"},{"name":"h","type":"string"}]}}]}"#;
pub const TEXT_PART: &str = r#"{"type":"record","name":"R","fields":[{"name":"g","type":{"type":"record","name":"G","fields":[{"name":"e","type":{"type":"record","name":"E","fields":[{"name":"p","type":"string"}]}}]}}]}"#;
pub const INT_PART: &str = r#"{"type":"record","name":"R","fields":[{"name":"g","type":{"type":"record","name":"G","fields":[{"name":"e","type":{"type":"record","name":"E","fields":[{"name":"n","type":"int"},{"name":"p","type":"int"},{"name":"m","type":"int"}]}}]}}]}"#;
const FLAGS: &str = r#"{"type":"map","values":"boolean"}"#;
const FLAG_MAPS: &str = r#"{"type":"map","values":{"type":"map","values":"boolean"}}"#;
const FLAG_TEXTS: &str = r#"{"type":"map","values":"string"}"#;
const DEEP_FILLED: &str = r#"{"type":"map","values":{"type":"record","name":"V","fields":[{"name":"b","type":"boolean"},{"name":"z","type":{"type":"array","items":"null"},"default":[null]}]}}"#;
const FLAG_RECORDS: &str =
    r#"{"type":"map","values":{"type":"record","name":"V","fields":[{"name":"b","type":"boolean"}]}}"#;
const X: &str = r#"{"type":"record","name":"R","fields":[{"name":"x","type":"int"}]}"#;
const A: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}"#;
const DECIMAL_OVER: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":1},"default":"\u007f"}]}"#;
const DECIMAL_IN: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":1},"default":"\u0000\u0007"}]}"#;
const FIXED_OVER: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":{"type":"fixed","name":"F","size":1,"logicalType":"decimal","precision":1},"default":"\u007f"}]}"#;
const BIG_BAD: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":{"type":"bytes","logicalType":"big-decimal"},"default":"\u0004\u0001"}]}"#;
const BIG_GOOD: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":{"type":"bytes","logicalType":"big-decimal"},"default":"\u0002\u0064\u0004"}]}"#;
const UNION_OVER: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":[{"type":"bytes","logicalType":"decimal","precision":1},"string"],"default":"\u007f"}]}"#;
const FLOAT_OVER: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":"float","default":1e300}]}"#;
const FLOAT_WORD: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":"float","default":"NaN"}]}"#;
const DOUBLE_WORD: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":"double","default":"Infinity"}]}"#;
const ENDLESS: &str = r#"{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"a","type":"R"}]}}"#;
const ENDLESS_DEFAULT: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":{"type":"record","name":"S","fields":[{"name":"s","type":"S","default":{}}]},"default":{}}]}"#;
const GAP: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"d","type":{"type":"record","name":"S","fields":[{"name":"s","type":"int","default":5},{"name":"t","type":"int"}]},"default":{"t":6}}]}"#;
const BIG: &str = r#"{"type":"bytes","logicalType":"big-decimal"}"#;

/// Nulls that are not compared pay for most of the budget.
const SPENT: &str = r#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"array","items":"null"}},{"name":"n","type":{"type":"array","items":"null"}}]}"#;
const SPENT_INTS: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"n","type":{"type":"array","items":"int"}}]}"#;
const SPENT_ENUM: &str = r#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"array","items":"null"}},{"name":"e","type":{"type":"enum","name":"E","symbols":["A","SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS","TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT"]}}]}"#;
const SHORT_ENUM: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}}]}"#;

pub const ROWS: &[Row] = &[
    ruled(
        "tolerant below ignored",
        INSIDE,
        INSIDE,
        "02040266",
        "02",
        "ignore=c tolerant=c.g",
    ),
    ruled(
        "tolerant below ignored beside a part of the identity",
        INSIDE,
        INSIDE,
        "02040266",
        "02",
        "ignore=c tolerant=c.g identity=field:c.h",
    ),
    ruled(
        "tolerant below ignored part of the identity",
        INSIDE,
        INSIDE,
        "02040266",
        "02",
        "ignore=c tolerant=c.g identity=field:c",
    ),
    ruled("part not held", TEXT_PART, INT_PART, "0266", "~", "identity=field:g.e"),
    ruled(
        "part not held, ignored",
        TEXT_PART,
        INT_PART,
        "0266",
        "",
        "identity=field:g.e ignore=g",
    ),
    ruled(
        "part not held, itself ignored",
        TEXT_PART,
        INT_PART,
        "0266",
        "",
        "identity=field:g.e ignore=g.e",
    ),
    ruled("absent and ignored", X, INSIDE, "02", "02", "identity=field:x ignore=c"),
    row(
        "key twice before a bad value",
        FLAGS,
        FLAGS,
        "0402610102610200",
        "!duplicate_key",
    ),
    row(
        "bad value before a key twice",
        FLAGS,
        FLAGS,
        "0402610202610100",
        "!malformed",
    ),
    row(
        "key twice before the end",
        FLAGS,
        FLAGS,
        "060261010261010261",
        "!duplicate_key",
    ),
    row(
        "key twice before a wrong size",
        FLAGS,
        FLAGS,
        "030e02610102610100",
        "!duplicate_key",
    ),
    row(
        "key twice around a bad map",
        FLAG_MAPS,
        FLAG_MAPS,
        "040261000261020262020000",
        "!duplicate_key",
    ),
    row(
        "key twice in a bad map",
        FLAG_MAPS,
        FLAG_MAPS,
        "0202610402620102620200",
        "!duplicate_key",
    ),
    row(
        "key twice, not held",
        FLAGS,
        FLAG_TEXTS,
        "0402610102610200",
        "!duplicate_key",
    ),
    ruled(
        "key twice before a bad value beside a default",
        FLAG_RECORDS,
        DEEP_FILLED,
        "0402610102610200",
        "!duplicate_key",
        "defaults",
    ),
    ruled(
        "default decimal of too many digits",
        A,
        DECIMAL_OVER,
        "02",
        "02",
        "defaults",
    ),
    ruled("default decimal", A, DECIMAL_IN, "02", "020207", "defaults"),
    ruled(
        "default fixed decimal of too many digits",
        A,
        FIXED_OVER,
        "02",
        "02",
        "defaults",
    ),
    ruled("default big-decimal malformed", A, BIG_BAD, "02", "02", "defaults"),
    ruled("default big-decimal", A, BIG_GOOD, "02", "0206020100", "defaults"),
    ruled(
        "default of the branch that takes it",
        A,
        UNION_OVER,
        "02",
        "0202027f",
        "defaults",
    ),
    ruled("default float out of range", A, FLOAT_OVER, "02", "02", "defaults"),
    ruled("default float as a word", A, FLOAT_WORD, "02", "02", "defaults"),
    ruled("default double as a word", A, DOUBLE_WORD, "02", "02", "defaults"),
    ruled("default within itself", A, ENDLESS_DEFAULT, "02", "02", "defaults"),
    ruled("default filled by a field's own", A, GAP, "02", "020a0c", "defaults"),
    row("items without an end", ENDLESS, ENDLESS, "0a00", "!truncated"),
    row("item without an end", ENDLESS, ENDLESS, "0200", "!bounds"),
    row(
        "big-decimal of 128 bytes",
        BIG,
        BIG,
        "86028002400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000100",
        "=",
    ),
    row(
        "big-decimal of 129 bytes",
        BIG,
        BIG,
        "8802820240000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000100",
        "~",
    ),
    row("nulls not held, to the budget", SPENT, SPENT_INTS, "f0fe0f001a00", "~"),
    row(
        "nulls not held, over the budget",
        SPENT,
        SPENT_INTS,
        "f0fe0f001c00",
        "!bounds",
    ),
    row("symbol to the budget", SPENT_ENUM, SHORT_ENUM, "b880100002", "~"),
    row(
        "symbol over the budget",
        SPENT_ENUM,
        SHORT_ENUM,
        "b880100004",
        "!bounds",
    ),
];
