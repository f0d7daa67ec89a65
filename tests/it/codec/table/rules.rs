//! What the rules leave of a value: only some paths, items in any order, values that count as others.

use super::{Row, ruled};

const THREE: &str = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"n","type":["null","long"]},{"name":"t","type":{"type":"array","items":"int"}}]}"#;
const NESTED: &str = r#"{"type":"record","name":"R","fields":[{"name":"t","type":{"type":"array","items":{"type":"array","items":"int"}}}]}"#;
const US: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"c","type":{"type":"enum","name":"E","symbols":["X","US"]}}]}"#;
const USA: &str =
    r#"{"type":"record","name":"R","fields":[{"name":"c","type":{"type":"enum","name":"E","symbols":["USA"]}}]}"#;
/// `US`, 7 and `[3, 1, 2]`.
const BYTES: &str = "045553 020e 0606020400";

pub const ROWS: &[Row] = &[
    ruled("only a text", THREE, THREE, BYTES, "045553", "only=a"),
    ruled("only items", THREE, THREE, BYTES, "0606020400", "only=t[*]"),
    ruled(
        "only, and less of it",
        THREE,
        THREE,
        BYTES,
        "045553 0600",
        "only=a only=t ignore=t[*]",
    ),
    ruled(
        "only, and an identity elsewhere",
        THREE,
        THREE,
        BYTES,
        "020e",
        "only=n identity=field:a",
    ),
    ruled("only of the key", THREE, THREE, BYTES, "", "only=$key"),
    ruled(
        "items in any order",
        THREE,
        THREE,
        BYTES,
        "045553 020e 0602040600",
        "unordered=t",
    ),
    ruled(
        "items in any order in several blocks",
        THREE,
        THREE,
        "045553 020e 010206020200",
        "045553 020e 04020600",
        "unordered=t",
    ),
    ruled(
        "arrays in an array",
        NESTED,
        NESTED,
        "04 04060200 020400 00",
        "04 020400 04020600 00",
        "unordered=t unordered=t[*]",
    ),
    ruled(
        "a text that counts as another",
        THREE,
        THREE,
        BYTES,
        "06555341 020e 0606020400",
        "map=a:US:USA identity=field:a",
    ),
    ruled(
        "a number in a union that counts as another",
        THREE,
        THREE,
        BYTES,
        "045553 0210 0606020400",
        "map=n:7:8",
    ),
    ruled("a number that cannot be a word", THREE, THREE, BYTES, "=", "map=n:7:x"),
    ruled("a writer's symbol", US, USA, "02", "00", "map=c:US:USA"),
    ruled(
        "a symbol that becomes none of the contract's",
        US,
        US,
        "02",
        "~ 0003 06555341",
        "map=c:US:USA",
    ),
];
