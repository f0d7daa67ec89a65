//! JSON with numbers to the last bit: `serde_json` as the product uses it may be one unit off, which near a rate of 1 is a lot.

use std::collections::BTreeMap;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub fn read(text: &str) -> Result<Self, String> {
        // What is JSON at all, `serde_json` says.
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| error.to_string())?;
        let mut rest = text;
        Ok(value(&mut rest))
    }

    pub fn get(&self, key: &str) -> Option<&Json> {
        self.object().and_then(|object| object.get(key))
    }

    pub fn object(&self) -> Option<&BTreeMap<String, Json>> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn list(&self) -> Option<&[Json]> {
        match self {
            Json::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn truth(&self) -> Option<bool> {
        match self {
            Json::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Infinities and NaN are written as texts.
    pub fn number(&self) -> Option<f64> {
        match self {
            Json::Number(text) | Json::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn whole(&self) -> Option<u64> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// The value that the text begins with; the text is known to be JSON.
fn value(rest: &mut &str) -> Json {
    let text = rest.trim_start();
    let mut chars = text.chars();
    match chars.next() {
        Some('{') => Json::Object(items(rest, '}', |rest| {
            let key = string(rest);
            *rest = rest.trim_start().trim_start_matches(':');
            (key, value(rest))
        })),
        Some('[') => Json::List(items(rest, ']', value)),
        Some('"') => Json::Text(string(rest)),
        _ => {
            let end = text.find([',', ']', '}']).unwrap_or(text.len());
            *rest = &text[end..];
            match text[..end].trim_end() {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                number => Json::Number(number.to_owned()),
            }
        }
    }
}

fn items<T, C: FromIterator<T>>(rest: &mut &str, end: char, item: impl Fn(&mut &str) -> T) -> C {
    *rest = &rest.trim_start()[1..];
    let next = || {
        *rest = rest.trim_start().trim_start_matches(',').trim_start();
        match rest.strip_prefix(end) {
            Some(after) => {
                *rest = after;
                None
            }
            None => Some(item(rest)),
        }
    };
    std::iter::from_fn(next).collect()
}

/// A text without escapes that matter: names and words.
fn string(rest: &mut &str) -> String {
    let text = &rest.trim_start()[1..];
    let mut escaped = false;
    let end = text.find(|c: char| {
        let is_end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    });
    let end = end.unwrap_or(text.len());
    *rest = &text[end + 1..];
    text[..end].to_owned()
}

#[test]
fn values() {
    let text = r#" {"a" : [1, -2.5e-3 , "inf", [ ], {}], "b\"c": true,"d":null } "#;
    let read = Json::read(text).unwrap();
    let list = read.get("a").and_then(Json::list).unwrap();
    let numbers: Vec<Option<f64>> = list.iter().map(Json::number).collect();
    assert_eq!(numbers, [Some(1.0), Some(-2.5e-3), Some(f64::INFINITY), None, None]);
    assert_eq!((list[0].whole(), list[1].whole()), (Some(1), None));
    assert_eq!(
        (&list[3], &list[4]),
        (&Json::List(vec![]), &Json::Object(BTreeMap::new()))
    );
    assert_eq!(read.get("b\\\"c").and_then(Json::truth), Some(true));
    assert_eq!(read.get("d"), Some(&Json::Null));
    let close = Json::read("0.9999999953458105").unwrap();
    assert_eq!(close.number(), Some(0.999_999_995_345_810_5));
    assert!(Json::read("[1").is_err() && Json::read("").is_err());
}
