//! Keys and types of a YAML tree against the JSON Schema of the file: every fault at once.
//!
//! What is wrong is left out of the JSON that comes back, and what is missing is filled in, so that the meaning of the
//! rest can be checked too.

use serde_json::{Map, Value, json};

use super::fault::{nearest, nearest_hint};
use super::faults::Faults;
use super::keypath::KeyPath;
use super::text;
use super::tree::{Entry, Kind, Node};

/// Keys that the contract has and this version has not: known words, not faults of spelling.
const KEYS_LATER: [&str; 14] = [
    "tokens",
    "tls",
    "rules",
    "aggregates",
    "latency",
    "probe",
    "fallback",
    "segments",
    "leaks",
    "signals",
    "webhooks",
    "tracing",
    "retention",
    "mutes",
];

/// Checks a tree; the JSON can be deserialised into the file's structs.
pub(super) fn check(tree: &Node, schema: &Value, faults: &mut Faults) -> Value {
    let checker = Checker { root: schema };
    checker
        .node(tree, schema, &KeyPath::default(), faults)
        .unwrap_or_else(|| checker.stand_in(schema))
}

struct Checker<'a> {
    root: &'a Value,
}

impl<'a> Checker<'a> {
    /// Follows references, and takes the `null` out of what is optional.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        loop {
            if let Some(name) = schema["$ref"]
                .as_str()
                .and_then(|reference| reference.strip_prefix("#/$defs/"))
            {
                schema = &self.root["$defs"][name];
            } else if let Some(some) = schema["anyOf"]
                .as_array()
                .and_then(|options| options.iter().find(|option| option["type"] != "null"))
            {
                schema = some;
            } else {
                return schema;
            }
        }
    }

    fn node(&self, node: &Node, schema: &'a Value, path: &KeyPath, faults: &mut Faults) -> Option<Value> {
        let nullable = accepts_null(schema);
        let schema = self.resolve(schema);
        match &node.kind {
            Kind::Null if nullable => None,
            _ if schema["oneOf"].is_array() || schema["enum"].is_array() => self.choice(node, schema, path, faults),
            Kind::Map(entries) if is(schema, "object") => Some(self.map(node, entries, schema, path, faults)),
            // A mapping that says nothing is an empty one.
            Kind::Null if is(schema, "object") => Some(self.map(node, &[], schema, path, faults)),
            Kind::List(items) if is(schema, "array") => Some(Value::Array(
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(i, item)| self.node(item, &schema["items"], &path.index(i), faults))
                    .collect(),
            )),
            Kind::Scalar { text, plain } if !is(schema, "object") && !is(schema, "array") => {
                scalar(text, *plain, schema, path, faults)
            }
            other => {
                faults.push(path, format!("must be {}, is {}", expected(schema), other.word()), None);
                None
            }
        }
    }

    fn map(&self, node: &Node, entries: &[Entry], schema: &'a Value, path: &KeyPath, faults: &mut Faults) -> Value {
        let mut map = Map::new();
        let properties = schema["properties"].as_object();
        for Entry { key, place, value } in entries {
            let below = path.key(key);
            let schema = match properties.and_then(|properties| properties.get(key)) {
                Some(schema) => schema,
                None if schema["additionalProperties"].is_object() => &schema["additionalProperties"],
                None => {
                    let known = properties.into_iter().flatten().map(|(name, _)| name.as_str());
                    let (what, hint) = if KEYS_LATER.contains(&key.as_str()) {
                        (format!("`{key}` is not built yet"), Some("leave it out".to_owned()))
                    } else {
                        ("unknown key".to_owned(), nearest_hint(key, known))
                    };
                    faults.push_at(place.clone(), &below, what, hint);
                    continue;
                }
            };
            if let Some(value) = self.node(value, schema, &below, faults) {
                map.insert(key.clone(), value);
            }
        }
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if map.contains_key(name) {
                continue;
            }
            if node.get(name).is_none() {
                faults.push(
                    &path.key(name),
                    "missing".to_owned(),
                    self.hint_of(&schema["properties"][name]),
                );
            }
            map.insert(name.to_owned(), self.stand_in(&schema["properties"][name]));
        }
        Value::Object(map)
    }

    /// One of several words, or a mapping with exactly one of several keys.
    fn choice(&self, node: &Node, schema: &'a Value, path: &KeyPath, faults: &mut Faults) -> Option<Value> {
        let words = words(schema);
        let options: Vec<(&str, &Value)> = schema["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|option| option["properties"].as_object()?.iter().next())
            .map(|(key, schema)| (key.as_str(), schema))
            .collect();
        match &node.kind {
            // `key` is short for `{key: null}`.
            Kind::Scalar { text, .. } if words.contains(&text.as_str()) => {
                let short = options.iter().any(|(key, _)| key == text);
                Some(if short { json!({text: null}) } else { json!(text) })
            }
            Kind::Scalar { text, .. } if options.is_empty() => {
                let hint = nearest(text, words.iter().copied()).map(|word| format!("did you mean `{word}`?"));
                faults.push(path, format!("must be one of {}", words.join(", ")), hint);
                None
            }
            Kind::Map(entries) if !options.is_empty() => {
                let known = || options.iter().map(|(key, _)| *key);
                let mut chosen = None;
                for Entry { key, place, value } in entries {
                    match options.iter().find(|(name, _)| name == key) {
                        Some((_, schema)) => {
                            let value = self.node(value, schema, &path.key(key), faults)?;
                            chosen = Some(json!({key: value}));
                        }
                        None => {
                            let hint = nearest_hint(key, known());
                            faults.push_at(place.clone(), &path.key(key), "unknown key".to_owned(), hint);
                            return None;
                        }
                    }
                }
                if entries.len() != 1 {
                    let all: Vec<&str> = known().collect();
                    faults.push(path, format!("must have exactly one of {}", all.join(", ")), None);
                    return None;
                }
                chosen
            }
            other => {
                let mut forms: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
                forms.extend(options.iter().map(|(key, _)| format!("{{{key}: …}}")));
                faults.push(
                    path,
                    format!("must be {}, is {}", forms.join(" or "), other.word()),
                    None,
                );
                None
            }
        }
    }

    fn hint_of(&self, schema: &'a Value) -> Option<String> {
        let own = schema["description"].as_str();
        let text = own.or_else(|| self.resolve(schema)["description"].as_str())?;
        let text = text.lines().next()?.trim_end_matches('.');
        // A hint goes on after a colon.
        let mut letters = text.chars();
        let first = letters.next()?.to_lowercase();
        Some(first.chain(letters).collect())
    }

    /// Something of the right type in the place of what is missing or wrong.
    fn stand_in(&self, schema: &'a Value) -> Value {
        let schema = self.resolve(schema);
        if let Some(word) = words(schema).first() {
            return json!(word);
        }
        if let Some((key, below)) = schema["oneOf"][0]["properties"]
            .as_object()
            .and_then(|map| map.iter().next())
        {
            return json!({key: self.stand_in(below)});
        }
        if is(schema, "array") {
            return json!([]);
        }
        if is(schema, "object") {
            let required = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            return required
                .map(|name| (name.to_owned(), self.stand_in(&schema["properties"][name])))
                .collect::<Map<_, _>>()
                .into();
        }
        if is(schema, "boolean") {
            return json!(false);
        }
        match schema["format"].as_str() {
            Some(format) => json!(text::sample(format)),
            None => json!(""),
        }
    }
}

fn accepts_null(schema: &Value) -> bool {
    is(schema, "null")
        || schema["anyOf"]
            .as_array()
            .is_some_and(|options| options.iter().any(|option| option["type"] == "null"))
}

fn is(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::String(text) => text == name,
        Value::Array(names) => names.iter().any(|each| each == name),
        _ => false,
    }
}

/// The words of an enum: `enum` of the schema itself, `enum` or `const` of its alternatives.
fn words(schema: &Value) -> Vec<&str> {
    let own = schema["enum"].as_array().into_iter().flatten();
    let below = schema["oneOf"].as_array().into_iter().flatten().flat_map(|option| {
        option["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .chain(option.get("const"))
    });
    own.chain(below).filter_map(Value::as_str).collect()
}

fn expected(schema: &Value) -> String {
    let ours = schema["description"]
        .as_str()
        .and_then(|text| text.strip_prefix("Must be "));
    match ours {
        Some(text) => text.to_owned(),
        None if is(schema, "object") => "a mapping".to_owned(),
        None if is(schema, "array") => "a list".to_owned(),
        None if is(schema, "boolean") => "true or false".to_owned(),
        None => "text".to_owned(),
    }
}

fn scalar(text: &str, plain: bool, schema: &Value, path: &KeyPath, faults: &mut Faults) -> Option<Value> {
    if is(schema, "boolean") {
        return match text {
            "true" | "false" if plain => Some(json!(text == "true")),
            _ => {
                faults.push(path, "must be true or false".to_owned(), None);
                None
            }
        };
    }
    match schema["format"].as_str() {
        Some(format) if !text::has_format(format, text) => {
            faults.push(path, format!("must be {}, is `{text}`", expected(schema)), None);
            None
        }
        _ => Some(json!(text)),
    }
}
