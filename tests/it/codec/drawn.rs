//! Random schemas, and values of them in the many ways to write one.

use super::build::Numbers;

/// A schema as text, and how to write a value of it.
#[derive(Clone)]
pub enum Shape {
    Leaf(&'static str),
    Fixed(String, usize),
    Enum(String, usize),
    Array(Box<Shape>),
    Map(Box<Shape>),
    Nullable(Box<Shape>, bool),
    Record(String, Vec<(String, Shape)>),
}

/// The primitives that are drawn from.
const LEAVES: &[&str] = &["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// A random schema, at most so deep; `names` makes its names unique.
pub fn shape(numbers: &mut Numbers, depth: u32, names: &mut u32) -> Shape {
    *names += 1;
    let name = format!("N{names}");
    match if depth == 0 {
        numbers.below(6)
    } else {
        numbers.below(12)
    } {
        4 => Shape::Fixed(name, numbers.below(5)),
        5 => Shape::Enum(name, 1 + numbers.below(4)),
        6 => Shape::Array(Box::new(shape(numbers, depth - 1, names))),
        7 => Shape::Map(Box::new(shape(numbers, depth - 1, names))),
        8 => {
            let inner = loop {
                let inner = shape(numbers, depth - 1, names);
                if !matches!(inner, Shape::Nullable(..) | Shape::Leaf("null")) {
                    break inner;
                }
            };
            Shape::Nullable(Box::new(inner), numbers.below(2) == 0)
        }
        9.. => Shape::Record(
            name,
            fields((0..numbers.below(5)).map(|_| shape(numbers, depth - 1, names))),
        ),
        _ => Shape::Leaf(LEAVES[numbers.below(LEAVES.len())]),
    }
}

/// It as JSON.
pub fn text(shape: &Shape) -> String {
    match shape {
        Shape::Leaf(word) => format!("\"{word}\""),
        Shape::Fixed(name, size) => format!(r#"{{"type":"fixed","name":"{name}","size":{size}}}"#),
        Shape::Enum(name, count) => {
            let symbols: Vec<_> = (0..*count).map(|i| format!("\"S{i}\"")).collect();
            format!(r#"{{"type":"enum","name":"{name}","symbols":[{}]}}"#, symbols.join(","))
        }
        Shape::Array(inner) => format!(r#"{{"type":"array","items":{}}}"#, text(inner)),
        Shape::Map(inner) => format!(r#"{{"type":"map","values":{}}}"#, text(inner)),
        Shape::Nullable(inner, true) => format!("[\"null\",{}]", text(inner)),
        Shape::Nullable(inner, false) => format!("[{},\"null\"]", text(inner)),
        Shape::Record(name, fields) => {
            let fields = fields
                .iter()
                .map(|(name, field)| format!(r#"{{"name":"{name}","type":{}}}"#, text(field)));
            let fields: Vec<_> = fields.collect();
            format!(r#"{{"type":"record","name":"{name}","fields":[{}]}}"#, fields.join(","))
        }
    }
}

/// They with names.
pub fn fields(shapes: impl IntoIterator<Item = Shape>) -> Vec<(String, Shape)> {
    let named = |(i, shape)| (format!("f{i}"), shape);
    shapes.into_iter().enumerate().map(named).collect()
}

/// A value as bytes: `value` decides what it is, `style` how it is written, without one the plain way.
pub fn written(shape: &Shape, value: &mut Numbers, style: Option<&mut Numbers>) -> Vec<u8> {
    let mut writer = Writer {
        value,
        style,
        out: Vec::new(),
    };
    writer.put(shape);
    writer.out
}

/// Few values of each type, so that many are equal.
struct Writer<'a> {
    value: &'a mut Numbers,
    style: Option<&'a mut Numbers>,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn odd(&mut self) -> bool {
        self.style.as_mut().is_some_and(|style| style.below(3) == 0)
    }

    fn long(&mut self, value: i64) {
        let mut raw = ((value << 1) ^ (value >> 63)).cast_unsigned();
        while raw >= 0x80 {
            self.out.push(u8::try_from(raw & 0x7f).unwrap() | 0x80);
            raw >>= 7;
        }
        self.out.push(u8::try_from(raw).unwrap());
        if self.odd() && (-60..60).contains(&value) {
            *self.out.last_mut().unwrap() |= 0x80;
            self.out.push(0);
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        self.long(i64::try_from(bytes.len()).unwrap());
        self.out.extend(bytes);
    }

    fn blocks(&mut self, items: Vec<Vec<u8>>) {
        let mut rest = items.as_slice();
        while !rest.is_empty() {
            let count = if self.odd() { 1 } else { rest.len() };
            let body = rest[..count].concat();
            let signed = i64::try_from(count).unwrap();
            if self.odd() {
                self.long(-signed);
                self.long(i64::try_from(body.len()).unwrap());
            } else {
                self.long(signed);
            }
            self.out.extend(body);
            rest = &rest[count..];
        }
        self.long(0);
    }

    fn apart(&mut self, shape: &Shape, key: Option<&str>) -> Vec<u8> {
        let outer = std::mem::take(&mut self.out);
        if let Some(key) = key {
            self.text(key.as_bytes());
        }
        self.put(shape);
        std::mem::replace(&mut self.out, outer)
    }

    fn put(&mut self, shape: &Shape) {
        let pick = self.value.below(3);
        match shape {
            Shape::Leaf("null") => {}
            Shape::Leaf("boolean") => self.out.push(u8::from(pick == 0)),
            Shape::Leaf("int") => self.long([0, -1, i64::from(i32::MAX)][pick]),
            Shape::Leaf("long") => self.long([1, i64::MIN, i64::MAX][pick]),
            Shape::Leaf("float") => self.out.extend([0.0, -0.0, f32::NAN][pick].to_le_bytes()),
            Shape::Leaf("double") => self.out.extend([0.0, -0.0, f64::NAN][pick].to_le_bytes()),
            Shape::Leaf("bytes") => self.text([b"".as_slice(), b"\0", b"\xff\xff"][pick]),
            Shape::Leaf(_) => self.text([b"".as_slice(), b"a", "ä".as_bytes()][pick]),
            Shape::Fixed(_, size) => self.out.extend(std::iter::repeat_n(u8::try_from(pick).unwrap(), *size)),
            Shape::Enum(_, count) => self.long(i64::try_from(pick % count).unwrap()),
            Shape::Array(inner) => {
                let items = (0..pick).map(|_| self.apart(inner, None)).collect();
                self.blocks(items);
            }
            Shape::Map(inner) => {
                let keys = &["b", "aa", "a"][..pick];
                let mut entries: Vec<_> = keys.iter().map(|key| self.apart(inner, Some(key))).collect();
                if self.odd() {
                    entries.reverse();
                }
                self.blocks(entries);
            }
            Shape::Nullable(inner, first) => {
                let null = pick == 0;
                self.long(i64::from(null != *first));
                if !null {
                    self.put(inner);
                }
            }
            Shape::Record(_, fields) => fields.iter().for_each(|(_, field)| self.put(field)),
        }
    }
}
