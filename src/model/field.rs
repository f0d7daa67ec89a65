//! Paths into a value, and how two values differ there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Segment {
    /// A field of a record, by name.
    Field(String),
    /// Every item of an array: `[*]`.
    Items,
    /// Every value of a map: `{*}`.
    Values,
}

/// A path in the contract's names: dots between fields, `[*]` for array items, `{*}` for map values; a backslash escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Path(pub Vec<Segment>);

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathParseError {
    /// Nothing there.
    #[error("a path must not be empty")]
    Empty,
    /// Two dots in a row, or one at an end.
    #[error("field name missing at byte {0}")]
    EmptyField(usize),
    /// `[` or `{` that is not `[*]` or `{*}`.
    #[error("only [*] and {{*}} may follow a field, at byte {0}")]
    Bracket(usize),
    /// A backslash at the end.
    #[error("nothing follows the backslash at the end")]
    Escape,
}

impl Path {
    /// Parses the written form.
    ///
    /// # Errors
    /// The first fault, with its byte.
    pub fn parse(text: &str) -> Result<Self, PathParseError> {
        if text.is_empty() {
            return Err(PathParseError::Empty);
        }
        let mut segments = Vec::new();
        let mut name = String::new();
        // True where a field name must come: at the start and behind a dot.
        let mut wants_name = true;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => name.push(chars.next().ok_or(PathParseError::Escape)?.1),
                '.' => {
                    if !name.is_empty() {
                        segments.push(Segment::Field(std::mem::take(&mut name)));
                    } else if wants_name {
                        return Err(PathParseError::EmptyField(at));
                    }
                    wants_name = true;
                    continue;
                }
                '[' | '{' => {
                    if !name.is_empty() {
                        segments.push(Segment::Field(std::mem::take(&mut name)));
                    } else if wants_name && !segments.is_empty() {
                        return Err(PathParseError::EmptyField(at));
                    }
                    let close = if c == '[' { "*]" } else { "*}" };
                    if !text[at + 1..].starts_with(close) {
                        return Err(PathParseError::Bracket(at));
                    }
                    chars.next();
                    chars.next();
                    segments.push(if c == '[' { Segment::Items } else { Segment::Values });
                    if !matches!(chars.peek(), None | Some((_, '.' | '[' | '{'))) {
                        return Err(PathParseError::Bracket(at));
                    }
                }
                c => name.push(c),
            }
            wants_name = false;
        }
        if !name.is_empty() {
            segments.push(Segment::Field(name));
        } else if wants_name {
            return Err(PathParseError::EmptyField(text.len()));
        }
        Ok(Self(segments))
    }

    /// This path and a field below it.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.with(Segment::Field(name.to_owned()))
    }

    /// This path and a step below it.
    #[must_use]
    pub fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) => {
                    if i > 0 {
                        f.write_str(".")?;
                    }
                    for c in name.chars() {
                        if matches!(c, '.' | '[' | ']' | '{' | '}' | '\\') {
                            f.write_str("\\")?;
                        }
                        write!(f, "{c}")?;
                    }
                }
                Segment::Items => f.write_str("[*]")?,
                Segment::Values => f.write_str("{*}")?,
            }
        }
        Ok(())
    }
}

/// How two values differ at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// Another value of the same type.
    Value,
    /// Another type, or another branch of a union.
    Type,
    /// There on one side only.
    Absent,
    /// Null on one side only.
    Null,
    /// An array with another number of items, a map with other keys.
    Length,
    /// The same items in another order.
    Order,
}

impl DifferenceKind {
    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            DifferenceKind::Value => "value",
            DifferenceKind::Type => "type",
            DifferenceKind::Absent => "absent",
            DifferenceKind::Null => "null",
            DifferenceKind::Length => "length",
            DifferenceKind::Order => "order",
        }
    }
}

/// One difference of a pair. The values are there only for a path that may be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FieldDifference {
    /// Where, in the contract's names; also `$key`, `$value`, `$header.NAME`.
    pub path: String,
    /// How.
    pub kind: DifferenceKind,
    /// The baseline's value as text, if the path may be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// The canary's value as text, if the path may be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
}
