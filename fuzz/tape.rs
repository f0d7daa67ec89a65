//! A tape of bytes that decides: from it schemas are made that are always valid, and what evolved from them.

use serde_json::{Value, json};

/// Levels of a schema.
const DEPTH_MAX: usize = 5;

/// Bytes that are taken one by one; behind the end come zeros.
pub struct Tape<'a>(pub &'a [u8]);

impl Tape<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u8) -> u8 {
        self.byte() % bound
    }
}

/// Makes schemas.
pub struct Maker<'a> {
    tape: Tape<'a>,
    /// How many types have names so far.
    names: usize,
}

impl<'a> Maker<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            tape: Tape(bytes),
            names: 0,
        }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("N{}", self.names - 1)
    }

    /// A schema.
    pub fn schema(&mut self, depth: usize) -> Value {
        let kinds = if depth < DEPTH_MAX { 20 } else { 14 };
        match self.tape.below(kinds) {
            0 => json!("null"),
            1 => json!("boolean"),
            2 => json!("int"),
            3 => json!("long"),
            4 => json!("float"),
            5 => json!("double"),
            6 => json!("bytes"),
            7 => json!("string"),
            8 => json!({"type": "fixed", "name": self.name(), "size": self.tape.below(20)}),
            9 => {
                let symbols: Vec<String> = (0..=self.tape.below(4)).map(|at| format!("S{at}")).collect();
                json!({"type": "enum", "name": self.name(), "symbols": symbols})
            }
            10 => {
                let logical = ["timestamp-millis", "timestamp-micros", "timestamp-nanos", "time-micros"];
                json!({"type": "long", "logicalType": logical[usize::from(self.tape.below(4))]})
            }
            11 => json!({"type": "bytes", "logicalType": "decimal", "precision": 1 + self.tape.below(38), "scale": 0}),
            12 => {
                let logical = ["date", "time-millis"];
                json!({"type": "int", "logicalType": logical[usize::from(self.tape.below(2))]})
            }
            // A type that is defined already, or is being defined: a recursive one.
            13 if self.names > 0 => {
                let known = u8::try_from(self.names).unwrap_or(u8::MAX);
                json!(format!("N{}", self.tape.below(known)))
            }
            13 => json!({"type": "bytes", "logicalType": "big-decimal"}),
            14 => json!({"type": "array", "items": self.schema(depth + 1)}),
            15 => json!({"type": "map", "values": self.schema(depth + 1)}),
            16 => json!(["null", self.schema(depth + 1)]),
            17 => json!([self.schema(depth + 1), self.schema(depth + 1), "string"]),
            _ => {
                let name = self.name();
                let count = self.tape.below(5) + 1;
                let mut fields = Vec::new();
                for at in 0..count {
                    fields.push(json!({"name": format!("f{at}"), "type": self.schema(depth + 1)}));
                }
                json!({"type": "record", "name": name, "fields": fields})
            }
        }
    }

    /// The schema as it may be a release later: fields reordered, dropped, added; numbers promoted; unions turned round.
    pub fn evolved(&mut self, schema: &Value) -> Value {
        match schema {
            Value::String(name) => match (name.as_str(), self.tape.below(3)) {
                ("int", 1) => json!("long"),
                ("int" | "long", 2) => json!("double"),
                ("float", 1) => json!("double"),
                ("string", 1) => json!("bytes"),
                ("bytes", 1) => json!("string"),
                (_, 2) if name != "null" && !name.starts_with('N') => json!(["null", name]),
                _ => schema.clone(),
            },
            Value::Array(branches) => {
                let mut branches = branches.clone();
                if self.tape.below(2) == 1 {
                    branches.reverse();
                }
                Value::Array(branches)
            }
            Value::Object(members) => {
                let mut members = members.clone();
                for name in ["items", "values"] {
                    if let Some(inner) = members.get_mut(name) {
                        *inner = self.evolved(inner);
                    }
                }
                if let Some(Value::Array(symbols)) = members.get_mut("symbols")
                    && self.tape.below(2) == 1
                {
                    symbols.reverse();
                }
                if let Some(Value::Array(fields)) = members.get_mut("fields") {
                    for field in fields.iter_mut() {
                        let inner = self.evolved(&field["type"]);
                        field["type"] = inner;
                    }
                    match self.tape.below(4) {
                        1 => fields.reverse(),
                        2 => drop(fields.pop()),
                        3 => fields.insert(0, json!({"name": "added", "type": "int", "default": 7})),
                        _ => {}
                    }
                }
                Value::Object(members)
            }
            _ => schema.clone(),
        }
    }
}
