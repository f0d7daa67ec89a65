//! The fast walk against the other one: random schemas, evolutions, rules and values, and bytes that are cut, longer or
//! flipped. What the fast walk yields must be what the other yields, and it must give up at whatever the other does not
//! read in the plain form.

use super::{Program, run};
use crate::codec::compile::{Purpose, compile};
use crate::codec::marks::Asked;
use crate::codec::schema::Schema;
use crate::codec::settings::{EventTime, Mapping, Part, Settings};
use crate::codec::walk::{Captured, Form, Scratch, walk};
use crate::model::{Path, Side};

struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn odd(&mut self, one_of: usize) -> bool {
        self.below(one_of) == 0
    }
}

#[derive(Clone)]
enum Shape {
    Leaf(&'static str, char),
    Enum(String, usize),
    Array(Box<Shape>),
    Map(Box<Shape>),
    Union(Vec<Shape>),
    Record(String, Vec<(String, Shape)>),
}

/// A type, and how its values are written.
const LEAVES: &[(&str, char)] = &[
    (r#""string""#, 's'),
    (r#""string""#, 's'),
    (r#""int""#, 'i'),
    (r#""long""#, 'l'),
    (r#""long""#, 'l'),
    (r#""double""#, 'd'),
    (r#""float""#, 'f'),
    (r#""boolean""#, 'b'),
    (r#""bytes""#, 'y'),
    (r#""null""#, 'n'),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#,
        'c',
    ),
    (
        r#"{"type":"bytes","logicalType":"decimal","precision":20,"scale":2}"#,
        'c',
    ),
    (r#"{"type":"long","logicalType":"timestamp-millis"}"#, 'l'),
    (r#"{"type":"long","logicalType":"timestamp-micros"}"#, 'l'),
    (r#"{"type":"int","logicalType":"date"}"#, 'i'),
];

fn shape(numbers: &mut Numbers, depth: u32, names: &mut u32) -> Shape {
    *names += 1;
    let name = format!("N{names}");
    match numbers.below(if depth == 0 { 7 } else { 14 }) {
        6 => Shape::Enum(name, 1 + numbers.below(70)),
        7 => Shape::Array(Box::new(shape(numbers, depth - 1, names))),
        8 | 9 => Shape::Map(Box::new(shape(numbers, depth - 1, names))),
        10 | 11 => {
            let mut branches = vec![Shape::Leaf(r#""null""#, 'n')];
            for _ in 0..1 + numbers.below(3) {
                let branch = shape(numbers, depth - 1, names);
                if !matches!(branch, Shape::Union(_)) && branches.iter().all(|other| word(other) != word(&branch)) {
                    branches.push(branch);
                }
            }
            let by = numbers.below(branches.len());
            branches.rotate_left(by);
            Shape::Union(branches)
        }
        12.. => record(numbers, depth, names),
        _ => {
            let (text, kind) = LEAVES[numbers.below(LEAVES.len())];
            Shape::Leaf(text, kind)
        }
    }
}

fn record(numbers: &mut Numbers, depth: u32, names: &mut u32) -> Shape {
    *names += 1;
    let name = format!("N{names}");
    let fields = (0..numbers.below(6)).map(|i| (format!("f{i}"), shape(numbers, depth - 1, names)));
    Shape::Record(name, fields.collect())
}

fn word(shape: &Shape) -> String {
    match shape {
        Shape::Leaf(_, kind) => kind.to_string().replace('c', "y"),
        Shape::Enum(name, _) | Shape::Record(name, _) => name.clone(),
        Shape::Array(_) => "array".to_owned(),
        Shape::Map(_) => "map".to_owned(),
        Shape::Union(_) => "union".to_owned(),
    }
}

fn text(shape: &Shape) -> String {
    let join = |all: Vec<String>| all.join(",");
    match shape {
        Shape::Leaf(text, _) => (*text).to_owned(),
        Shape::Enum(name, count) => {
            let symbols = (0..*count).map(|i| format!("\"S{i}\"")).collect();
            format!(r#"{{"type":"enum","name":"{name}","symbols":[{}]}}"#, join(symbols))
        }
        Shape::Array(inner) => format!(r#"{{"type":"array","items":{}}}"#, text(inner)),
        Shape::Map(inner) => format!(r#"{{"type":"map","values":{}}}"#, text(inner)),
        Shape::Union(branches) => format!("[{}]", join(branches.iter().map(text).collect())),
        Shape::Record(name, fields) => {
            let field = |(name, shape): &(String, Shape)| format!(r#"{{"name":"{name}","type":{}}}"#, text(shape));
            let fields = join(fields.iter().map(field).collect());
            format!(r#"{{"type":"record","name":"{name}","fields":[{fields}]}}"#)
        }
    }
}

/// The shape as another team would have it: fields added, removed, in another order, types changed.
fn evolve(shape: &Shape, numbers: &mut Numbers, names: &mut u32) -> Shape {
    match shape {
        Shape::Leaf(text, kind) => {
            let (text, kind) = match kind {
                _ if !numbers.odd(4) => (*text, *kind),
                'i' => [(r#""long""#, 'l'), (r#""double""#, 'd')][numbers.below(2)],
                'l' => [(r#""int""#, 'i'), (r#""double""#, 'd')][numbers.below(2)],
                'f' => (r#""double""#, 'd'),
                's' => (r#""bytes""#, 'y'),
                'y' => (r#""string""#, 's'),
                _ => (*text, *kind),
            };
            Shape::Leaf(text, kind)
        }
        Shape::Enum(name, count) => Shape::Enum(name.clone(), count + numbers.below(2)),
        Shape::Array(inner) => Shape::Array(Box::new(evolve(inner, numbers, names))),
        Shape::Map(inner) => Shape::Map(Box::new(evolve(inner, numbers, names))),
        Shape::Union(branches) => {
            let mut branches = branches.clone();
            if numbers.odd(3) {
                branches.reverse();
            }
            Shape::Union(branches)
        }
        Shape::Record(name, fields) => {
            let keep = fields.iter().filter(|_| !numbers.odd(8)).cloned().collect::<Vec<_>>();
            let mut fields: Vec<_> = keep
                .into_iter()
                .map(|(name, shape)| (name, evolve(&shape, numbers, names)))
                .collect();
            if numbers.odd(3) {
                let at = numbers.below(fields.len() + 1);
                *names += 1;
                fields.insert(at, (format!("g{names}"), self::shape(numbers, 1, names)));
            }
            if numbers.odd(3) && !fields.is_empty() {
                let by = numbers.below(fields.len());
                fields.rotate_left(by);
            }
            Shape::Record(name.clone(), fields)
        }
    }
}

struct Writer<'a> {
    numbers: &'a mut Numbers,
    /// One choice of so many is written in another way than the canonical one.
    odd: usize,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn long(&mut self, value: i64) {
        crate::codec::canonical::put_long(&mut self.out, value);
        if self.odd > 0 && self.numbers.odd(self.odd) && (-60..60).contains(&value) {
            *self.out.last_mut().unwrap() |= 0x80;
            self.out.push(0);
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.long(i64::try_from(bytes.len()).unwrap());
        self.out.extend(bytes);
    }

    fn word(&mut self) -> String {
        let length = [0, 1, 3, 7, 8, 9, 31, 32, 33, 70][self.numbers.below(10)];
        let letter = ["a", "b", "ä", "\0", "zz"][self.numbers.below(5)];
        letter.repeat(length) + ["", "x", "y"][self.numbers.below(3)]
    }

    fn blocks(&mut self, inner: &Shape, keyed: bool) {
        let count = [0, 0, 1, 2, 3, 9, 25][self.numbers.below(7)];
        let mut items = Vec::new();
        for i in 0..count {
            let outer = std::mem::take(&mut self.out);
            if keyed {
                let key = format!("{}{}", self.word(), (i * 7) % count);
                self.bytes(key.as_bytes());
            }
            self.put(inner);
            items.push(std::mem::replace(&mut self.out, outer));
        }
        let mut rest = items.as_slice();
        while !rest.is_empty() {
            let split = self.odd > 0 && self.numbers.odd(self.odd);
            let count = if split { 1 } else { rest.len() };
            let body = rest[..count].concat();
            let signed = i64::try_from(count).unwrap();
            if split {
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

    fn put(&mut self, shape: &Shape) {
        let number = self.numbers.next();
        let signed = number.cast_signed() >> (number % 64);
        match shape {
            Shape::Leaf(_, 'n') => {}
            Shape::Leaf(_, 'b') => self.out.push((number & 1) as u8),
            Shape::Leaf(_, 'i') => self.long(signed.clamp(i32::MIN.into(), i32::MAX.into())),
            Shape::Leaf(_, 'l') => self.long(signed),
            Shape::Leaf(_, 'f') => self
                .out
                .extend([1.5, -0.0, f32::NAN][self.numbers.below(3)].to_le_bytes()),
            Shape::Leaf(_, 'd') => {
                let value = [f64::from_bits(number), 1.0, -0.0, f64::NAN][self.numbers.below(4)];
                self.out.extend(value.to_le_bytes());
            }
            Shape::Leaf(_, 'c') => {
                let bytes = (signed % 10_000_000_000).to_be_bytes();
                let keep = self.numbers.below(9);
                self.bytes(&bytes[8 - keep..]);
            }
            Shape::Leaf(..) => {
                let word = self.word();
                self.bytes(word.as_bytes());
            }
            Shape::Enum(_, count) => {
                let index = self.numbers.below(*count);
                self.long(i64::try_from(index).unwrap());
            }
            Shape::Array(inner) => self.blocks(inner, false),
            Shape::Map(inner) => self.blocks(inner, true),
            Shape::Union(branches) => {
                let branch = self.numbers.below(branches.len());
                self.long(i64::try_from(branch).unwrap());
                self.put(&branches[branch]);
            }
            Shape::Record(_, fields) => fields.iter().for_each(|(_, shape)| self.put(shape)),
        }
    }
}

fn rules(numbers: &mut Numbers) -> Settings {
    let field = |numbers: &mut Numbers| {
        let deep = ["", ".f0", ".f1"][numbers.below(3)];
        Path::parse(&format!("f{}{deep}", numbers.below(6))).ok().unwrap()
    };
    let mut settings = Settings::default();
    settings.rules.ignore = (0..numbers.below(3)).map(|_| field(numbers)).collect();
    settings.rules.tolerant = (0..numbers.below(2)).map(|_| field(numbers)).collect();
    settings.identity = (0..numbers.below(3)).map(|_| Part::Field(field(numbers))).collect();
    settings.rules.absent_equals_default = numbers.odd(2);
    settings.rules.unordered = (0..numbers.below(3)).map(|_| field(numbers)).collect();
    if numbers.odd(4) {
        settings.rules.only = (0..1 + numbers.below(4)).map(|_| field(numbers)).collect();
    }
    if numbers.odd(2) {
        let pairs = [
            ("a", "b"),
            ("aaa", ""),
            ("x", "ä"),
            ("0", "1"),
            ("-1", "70000"),
            ("true", "false"),
            ("S0", "S1"),
        ];
        let pairs = pairs.map(|(from, to)| (from.to_owned(), to.to_owned()));
        let mapping = |path| Mapping {
            path,
            values: pairs.clone().into(),
        };
        settings.rules.map = (0..1 + numbers.below(2)).map(|_| mapping(field(numbers))).collect();
    }
    if numbers.odd(2) {
        settings.event_time = EventTime::Field(field(numbers));
    }
    settings
}

/// What a walk of bytes in this memory left: canonical bytes, captured parts, tolerant values, event time.
fn left(scratch: &Scratch, wide: &[u8]) -> impl PartialEq + use<> {
    let part = |part: Captured| {
        let bytes = match part.form {
            Form::Text => {
                let mut bytes = Vec::new();
                crate::codec::canonical::put_bytes(&mut bytes, &wide[part.start..part.end]);
                bytes
            }
            Form::Plain | Form::Tagged => scratch.captured[part.start..part.end].to_vec(),
        };
        (part.node, part.form == Form::Tagged, bytes)
    };
    let parts: Vec<_> = scratch.parts.iter().map(|own| own.map(part)).collect();
    (
        scratch.out[scratch.base..].to_vec(),
        parts,
        format!("{:?}", scratch.tolerant),
        scratch.time,
    )
}

struct Pair {
    fast: Scratch,
    slow: Scratch,
    /// Records, those that have a plain form, and those that the fast walk read.
    count: [u64; 3],
}

impl Pair {
    fn hold(
        &mut self,
        program: &Program,
        pair: (&crate::codec::plan::Plan, &Schema),
        bytes: &[u8],
        around: usize,
    ) -> bool {
        let Self { fast, slow, count } = self;
        // What stands around the record must not matter.
        let noise = |byte: u8| std::iter::repeat_n(byte, around);
        let wide: Vec<u8> = noise(0x81).chain(bytes.iter().copied()).chain(noise(0)).collect();
        let tolerant = 2;
        fast.reset(3, tolerant);
        slow.reset(3, tolerant);
        (fast.base, slow.base) = (around.min(5), 0);
        fast.out = vec![9; fast.base];
        let read = run(program, pair, &wide, (around, around + bytes.len()), fast).is_some();
        let walked = walk(pair.0, pair.1, bytes, slow, false);
        count[0] += 1;
        count[1] += u64::from(walked.is_ok_and(|walked| !walked.tagged));
        count[2] += u64::from(read);
        if !read {
            return true;
        }
        let Ok(walked) = walked else { return false };
        if walked.as_is {
            slow.out.extend_from_slice(bytes);
        }
        !walked.tagged && left(fast, &wide) == left(slow, bytes)
    }
}

fn check(seeds: std::ops::Range<u64>, hostile: bool) -> [u64; 3] {
    let mut pair = Pair {
        fast: Scratch::default(),
        slow: Scratch::default(),
        count: [0; 3],
    };
    for seed in seeds {
        let numbers = &mut Numbers(seed);
        let mut names = 0;
        let shape = record(numbers, 4, &mut names);
        let contract = if numbers.odd(3) {
            shape.clone()
        } else {
            evolve(&shape, numbers, &mut names)
        };
        let (Ok(writer), Ok(contract)) = (Schema::parse(&text(&shape)), Schema::parse(&text(&contract))) else {
            panic!("seed {seed}: {}", text(&shape))
        };
        let asked = Asked::of_value(Side::Baseline, &rules(numbers), &[]);
        let plan = compile(&writer, &contract, &asked, Purpose::Digest).unwrap();
        let Some(program) = Program::new(&plan) else {
            return [1, 1, 1];
        };
        for round in 0..4 {
            let odd = [0, 0, 40, 5][round];
            let out = Vec::new();
            let mut writer = Writer { numbers, odd, out };
            writer.put(&shape);
            let bytes = writer.out;
            let mut hold = |bytes: &[u8], around: usize| {
                let holds = pair.hold(&program, (&plan, &contract), bytes, around);
                assert!(
                    holds,
                    "seed {seed}, round {round}: {} as {contract:?}",
                    text(&shape),
                    contract = contract.json()
                );
            };
            hold(&bytes, 0);
            hold(&bytes, 100);
            if !hostile || bytes.len() > 600 {
                continue;
            }
            for cut in 0..bytes.len() {
                hold(&bytes[..cut], 40);
                hold(&bytes[..cut], 0);
                let mut other = bytes.clone();
                other[cut] ^= 1 << (cut % 8);
                hold(&other, cut % 3 * 4);
                other[cut] = 0x80;
                hold(&other, 40);
            }
            for byte in [0, 1, 0x80, 0xff] {
                hold(&[bytes.as_slice(), &[byte]].concat(), 40);
            }
        }
    }
    pair.count
}

/// Half of the records have varints that are longer than needed, blocks with sizes, and arrays and maps in several blocks.
fn nearly_all_are_read([all, plain, read]: [u64; 3]) {
    assert!(plain * 3 > all && read * 100 > plain * 99, "{read} of {plain} of {all}");
}

#[test]
fn the_fast_walk_is_the_walk() {
    nearly_all_are_read(check(0..1_500, false));
}

#[test]
fn hostile_bytes_are_left_to_the_other_walk() {
    check(5_000..5_080, true);
}

#[test]
#[ignore = "a million pairs of schema and value"]
fn by_hand_a_million_pairs() {
    let count = check(1_000_000..1_125_000, false);
    assert!(count[0] >= 1_000_000);
    nearly_all_are_read(count);
}
