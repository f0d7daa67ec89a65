//! Values that people write as text, checked when they are read: the raw types of the file.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::scalar;
use crate::model::Path;

/// What all of them have in common.
pub(super) trait Text {
    /// What the text means.
    type Value;

    /// A text that is known to have this meaning.
    fn written(text: &str, value: Self::Value) -> Self;

    /// What the text means.
    fn value(&self) -> &Self::Value;
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $value:ty, $format:literal, $expected:literal, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub(super) struct $name {
            text: String,
            pub(super) value: $value,
        }

        impl $name {
            const PARSE: fn(&str) -> Option<$value> = $parse;

            /// Reads it.
            pub(super) fn new(text: &str) -> Option<Self> {
                Self::PARSE(text).map(|value| Self { text: text.to_owned(), value })
            }
        }

        impl Text for $name {
            type Value = $value;

            fn written(text: &str, value: $value) -> Self {
                Self { text: text.to_owned(), value }
            }

            fn value(&self) -> &$value {
                &self.value
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(&text).ok_or(concat!("must be ", $expected))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.text
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": ["string", "number"], "format": $format, "description": concat!("Must be ", $expected)})
            }
        }
    };
}

text!(
    /// A duration in milliseconds.
    Duration, i64, "duration", "a duration such as 500ms, 30s, 5m, 1h30m or 7d", scalar::duration
);
text!(
    /// A number of bytes.
    Size, u64, "size", "a size such as 64KiB, 256MiB or 1GiB", scalar::size
);
text!(
    /// A fraction.
    Rate, f64, "rate", "a rate such as 1e-4, 0.01 or 1%", scalar::rate
);
text!(
    /// An exact decimal.
    Decimal, String, "decimal", "a decimal such as 0.01", scalar::decimal
);
text!(
    /// A fraction as an exact decimal.
    Relative, String, "relative", "a fraction such as 0.01 or 1%", scalar::relative
);
text!(
    /// A whole number above 0.
    Count, u64, "count", "a whole number above 0, such as 1000",
    |text| text.parse().ok().filter(|count| *count > 0)
);
text!(
    /// A difference in time, as an exact decimal of milliseconds.
    TimeDifference, String, "time-difference", "a time with a unit, such as 5ms", scalar::time_difference
);
text!(
    /// A path into a value.
    PathText, Path, "path", "a path: dots, [*] for array items, {*} for map values, a backslash escapes",
    |text| Path::parse(text).ok()
);
text!(
    /// Ranges of partitions.
    Partitions, Vec<(u32, u32)>, "partitions", "partitions such as 0-3 or 0-3,7", scalar::partitions
);
text!(
    /// Ids of schemas.
    Ids, Vec<u32>, "ids", "schema ids such as 17 or 17,18", scalar::ids
);
text!(
    /// A day.
    Day, jiff::civil::Date, "date", "a day such as 2027-01-31", |text| text.parse().ok()
);
text!(
    /// Where a generation begins.
    StartText, super::Start, "start", "now, earliest or an RFC 3339 time such as 2026-11-24T12:00:00Z", start
);
text!(
    /// Where a server listens.
    Address, std::net::SocketAddr, "address", "an address and a port such as 127.0.0.1:9600", |text| text.parse().ok()
);

fn start(text: &str) -> Option<super::Start> {
    match text {
        "now" => Some(super::Start::Now),
        "earliest" => Some(super::Start::Earliest),
        time => time
            .parse::<jiff::Timestamp>()
            .ok()
            .map(|time| super::Start::At(time.as_millisecond())),
    }
}

/// Whether a text has a format of the schema; formats that are not ours have every text.
pub(super) fn has_format(format: &str, text: &str) -> bool {
    match format {
        "duration" => Duration::new(text).is_some(),
        "size" => Size::new(text).is_some(),
        "rate" => Rate::new(text).is_some(),
        "count" => Count::new(text).is_some(),
        "decimal" => Decimal::new(text).is_some(),
        "relative" => Relative::new(text).is_some(),
        "time-difference" => TimeDifference::new(text).is_some(),
        "path" => PathText::new(text).is_some(),
        "partitions" => Partitions::new(text).is_some(),
        "ids" => Ids::new(text).is_some(),
        "date" => Day::new(text).is_some(),
        "start" => StartText::new(text).is_some(),
        "address" => Address::new(text).is_some(),
        _ => true,
    }
}

/// A text of a format: what stands in for a value that is missing, so that the rest can be checked too.
pub(super) fn sample(format: &str) -> &'static str {
    match format {
        "duration" => "1s",
        "time-difference" => "1ms",
        "path" => "x",
        "date" => "2000-01-01",
        "start" => "now",
        "address" => "127.0.0.1:0",
        _ => "1",
    }
}
