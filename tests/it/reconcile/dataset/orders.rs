//! Orders from a seed: nested records, nullable unions, decimals, times, arrays and maps; and what goes wrong with them.

use super::super::avro::{put_bytes, put_long};
use crate::codec::build::Numbers;

pub const SCHEMA: &str = include_str!("../../../data/orders.avsc");

/// One of so many records has a fault.
const ONE_OF: u64 = 40;

#[derive(Clone)]
pub struct Order {
    pub order_id: String,
    customer: (i64, String),
    address: Option<(String, Option<String>)>,
    status: i64,
    /// Cents.
    pub amount: i64,
    /// Hundredths of a cent.
    tax: Option<i64>,
    reference: Option<Reference>,
    created_at: i64,
    updated_at: i64,
    items: Vec<Item>,
    attributes: Vec<(String, String)>,
    tags: Vec<String>,
    score: f64,
    note: Option<String>,
    /// How it is written: arrays and maps in blocks with their sizes.
    sized: bool,
}

#[derive(Clone)]
enum Reference {
    Number(i64),
    Text(String),
}

#[derive(Clone)]
struct Item {
    sku: String,
    quantity: i64,
    price: i64,
    discount: Option<f64>,
}

macro_rules! faults {
    ($($name:ident),*) => {
        /// What went wrong with a record of the canary.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($name),*
        }
        const FAULTS: &[Fault] = &[$($name),*];
    };
}
faults!(
    Lost,
    Twice,
    Contradicted,
    Made,
    Cent,
    Address,
    Zip,
    City,
    Status,
    Tax,
    TaxGone,
    Reference,
    Created,
    Price,
    Discount,
    ItemLost,
    ItemsTurned,
    Attribute,
    AttributeMade,
    TagLost,
    Tag,
    Score,
    Note
);
use Fault::*;

/// The same numbers for the same seed, everywhere.
struct Dice(Numbers);

impl Dice {
    fn new(seed: u64, number: u64, what: u64) -> Self {
        let spread = number.wrapping_mul(0xd134_2543_de82_ef95) ^ what.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Dice(Numbers(seed ^ spread))
    }

    fn below(&mut self, bound: u64) -> i64 {
        i64::try_from(self.0.next() % bound).unwrap()
    }
}

impl Order {
    pub fn new(seed: u64, number: u64) -> Self {
        let dice = &mut Dice::new(seed, number, 1);
        let at = i64::try_from(number).unwrap();
        let mut items: Vec<Item> = (0..2 + dice.below(3))
            .map(|_| Item {
                sku: format!("SKU-{:07}", dice.below(10_000_000)),
                quantity: 1 + dice.below(9),
                price: dice.below(1_000_000),
                discount: (dice.below(3) == 0).then(|| f64::from(u8::try_from(dice.below(50)).unwrap()) / 100.0),
            })
            .collect();
        // Two that are never equal, so that turning them is seen.
        items[0].quantity = 10;
        Order {
            order_id: format!("order-{number:08}"),
            customer: (dice.below(90_000), format!("Müller {}", dice.below(5_000))),
            address: Some((
                format!("City {}", dice.below(900)),
                (dice.below(4) > 0).then(|| format!("{:05}", dice.below(99_999))),
            )),
            status: dice.below(4),
            amount: dice.below(100_000_000) - 1_000_000,
            tax: Some(dice.below(1_000_000)),
            reference: match dice.below(3) {
                0 => None,
                1 => Some(Reference::Number(dice.below(1 << 60))),
                _ => Some(Reference::Text(dice.below(1 << 60).to_string())),
            },
            created_at: 1_764_000_000_000 + at * 37,
            updated_at: 1_764_000_000_000_000 + at * 37_000,
            items,
            attributes: (0..3)
                .map(|i| (format!("key{i}"), format!("value {}", dice.below(1_000))))
                .collect(),
            tags: (0..3).map(|i| format!("tag{}", dice.below(40) * 3 + i)).collect(),
            score: f64::from(i32::try_from(dice.below(1 << 30)).unwrap()) / 1_024.0,
            note: (dice.below(2) == 0).then(|| format!("note {}", dice.below(100))),
            sized: false,
        }
    }

    /// The same order as the canary writes it: what differs by nature, and other bytes for the same.
    pub fn rewritten(&self, number: u64) -> Self {
        let mut other = self.clone();
        other.updated_at += 1 + i64::try_from(number % 1_000).unwrap();
        other.tags.rotate_left(1);
        other.score += 1e-9;
        other.attributes.reverse();
        other.sized = number.is_multiple_of(2);
        other
    }

    /// As Avro binary.
    pub fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.order_id.as_bytes());
        put_long(out, self.customer.0);
        put_bytes(out, self.customer.1.as_bytes());
        put_long(out, i64::from(self.address.is_some()));
        if let Some((city, zip)) = &self.address {
            put_bytes(out, city.as_bytes());
            put_long(out, i64::from(zip.is_none()));
            zip.iter().for_each(|zip| put_bytes(out, zip.as_bytes()));
        }
        put_long(out, self.status);
        put_cents(out, self.amount);
        put_long(out, i64::from(self.tax.is_some()));
        self.tax.iter().for_each(|tax| out.extend(tax.to_be_bytes()));
        match &self.reference {
            None => put_long(out, 0),
            Some(Reference::Number(number)) => {
                put_long(out, 1);
                put_long(out, *number);
            }
            Some(Reference::Text(text)) => {
                put_long(out, 2);
                put_bytes(out, text.as_bytes());
            }
        }
        put_long(out, self.created_at);
        put_long(out, self.updated_at);
        self.blocks(out, &self.items, |item, out| {
            put_bytes(out, item.sku.as_bytes());
            put_long(out, item.quantity);
            put_cents(out, item.price);
            put_long(out, i64::from(item.discount.is_some()));
            item.discount
                .iter()
                .for_each(|discount| out.extend(discount.to_le_bytes()));
        });
        self.blocks(out, &self.attributes, |(key, value), out| {
            put_bytes(out, key.as_bytes());
            put_bytes(out, value.as_bytes());
        });
        self.blocks(out, &self.tags, |tag, out| put_bytes(out, tag.as_bytes()));
        out.extend(self.score.to_le_bytes());
        put_long(out, i64::from(self.note.is_some()));
        self.note.iter().for_each(|note| put_bytes(out, note.as_bytes()));
    }

    fn blocks<T>(&self, out: &mut Vec<u8>, items: &[T], put: impl Fn(&T, &mut Vec<u8>)) {
        let length = |count: usize| i64::try_from(count).unwrap();
        if self.sized {
            for item in items {
                let mut body = Vec::new();
                put(item, &mut body);
                put_long(out, -1);
                put_long(out, length(body.len()));
                out.extend(body);
            }
        } else {
            put_long(out, length(items.len()));
            items.iter().for_each(|item| put(item, out));
        }
        put_long(out, 0);
    }
}

/// A decimal of two places in as many bytes as it needs, or one more.
fn put_cents(out: &mut Vec<u8>, cents: i64) {
    let bytes = cents.to_be_bytes();
    let sign = if cents < 0 { 0xff } else { 0 };
    let from = bytes.iter().take_while(|byte| **byte == sign).count().saturating_sub(1);
    put_bytes(out, &bytes[from.min(7)..]);
}

impl Fault {
    /// Faults of fields, by path and kind.
    pub const FIELDS: usize = 20;

    pub fn of(seed: u64, number: u64) -> Option<Fault> {
        let dice = &mut Dice::new(seed, number, 2);
        (dice.below(ONE_OF) == 0).then(|| FAULTS[dice.0.below(FAULTS.len())])
    }

    /// Spoils a record; gives where and how it differs now.
    pub fn spoil(self, order: &mut Order) -> (&'static str, &'static str) {
        match self {
            Lost | Twice | Contradicted | Made => panic!("not of a field"),
            Cent => {
                order.amount += 1;
                ("amount", "value")
            }
            Address => {
                order.address = None;
                ("customer.address", "null")
            }
            Zip => {
                let (_, zip) = order.address.as_mut().unwrap();
                *zip = match zip {
                    Some(_) => None,
                    None => Some("0".to_owned()),
                };
                ("customer.address.zip", "null")
            }
            City => {
                order.address.as_mut().unwrap().0.push('!');
                ("customer.address.city", "value")
            }
            Status => {
                order.status = (order.status + 1) % 4;
                ("status", "value")
            }
            Tax => {
                order.tax = order.tax.map(|tax| tax + 1);
                ("tax", "value")
            }
            TaxGone => {
                order.tax = None;
                ("tax", "null")
            }
            Reference => {
                order.reference = match &order.reference {
                    None => Some(self::Reference::Number(0)),
                    Some(self::Reference::Number(number)) => Some(self::Reference::Text(number.to_string())),
                    Some(self::Reference::Text(text)) => Some(self::Reference::Number(text.parse().unwrap())),
                };
                // Null against something is of another kind.
                match order.reference {
                    Some(self::Reference::Number(0)) => ("reference", "null"),
                    _ => ("reference", "type"),
                }
            }
            Created => {
                order.created_at += 1;
                ("created_at", "value")
            }
            Price => {
                order.items[1].price -= 1;
                ("items[*].price", "value")
            }
            Discount => {
                let discount = &mut order.items[0].discount;
                *discount = match discount {
                    Some(_) => None,
                    None => Some(0.0),
                };
                ("items[*].discount", "null")
            }
            ItemLost => {
                order.items.pop();
                ("items", "length")
            }
            ItemsTurned => {
                order.items.rotate_left(1);
                ("items", "order")
            }
            Attribute => {
                order.attributes[2].1.push('?');
                ("attributes{*}", "value")
            }
            AttributeMade => {
                order.attributes.push(("more".to_owned(), String::new()));
                ("attributes", "length")
            }
            TagLost => {
                order.tags.pop();
                ("tags", "length")
            }
            Tag => {
                order.tags[0].push('*');
                ("tags[*]", "value")
            }
            Score => {
                order.score += 0.001;
                ("score", "value")
            }
            Note => {
                order.note = match &order.note {
                    Some(_) => None,
                    None => Some(String::new()),
                };
                ("note", "null")
            }
        }
    }
}
