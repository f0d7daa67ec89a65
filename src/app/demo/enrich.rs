//! What both pipelines do with an order, and the one thing that the canary does wrong in it.

use serde::{Deserialize, Serialize};

use super::orders::Order;

/// An order with what the shop's other services need to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "EnrichedOrder")]
pub struct Enriched {
    /// Its identity.
    pub order_id: String,
    /// When, in milliseconds since the epoch.
    pub created_at: i64,
    /// Whose.
    pub customer_id: i64,
    /// Where the country lies.
    pub region: String,
    /// What it is paid in.
    pub currency: String,
    /// All of it in euro cents.
    pub total_minor: i64,
    /// How many pieces.
    pub items: i32,
}

/// The canary's: one more field. Avro wants the fields in the schema's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "EnrichedOrder")]
pub struct EnrichedCanary {
    /// Its identity.
    pub order_id: String,
    /// When, in milliseconds since the epoch.
    pub created_at: i64,
    /// Whose.
    pub customer_id: i64,
    /// How the customer came.
    pub channel: String,
    /// Where the country lies.
    pub region: String,
    /// What it is paid in.
    pub currency: String,
    /// All of it in euro cents.
    pub total_minor: i64,
    /// How many pieces.
    pub items: i32,
}

impl From<Enriched> for EnrichedCanary {
    fn from(order: Enriched) -> Self {
        let Enriched {
            order_id,
            created_at,
            customer_id,
            region,
            currency,
            total_minor,
            items,
        } = order;
        let channel = if customer_id % 3 == 0 { "app" } else { "web" };
        Self {
            order_id,
            created_at,
            customer_id,
            channel: channel.to_owned(),
            region,
            currency,
            total_minor,
            items,
        }
    }
}

/// How a total is brought to whole cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, half up.
    Nearest,
    /// Down: the canary's mistake.
    Down,
}

/// Enriches an order.
#[must_use]
pub fn enrich(order: &Order, rounding: Rounding) -> Enriched {
    let sum = |of: fn(&super::orders::Line) -> i64| order.lines.iter().map(of).fold(0, i64::saturating_add);
    let total = sum(|line| line.price_minor.saturating_mul(i64::from(line.quantity)));
    Enriched {
        order_id: order.order_id.clone(),
        created_at: order.created_at,
        customer_id: order.customer_id,
        region: region(&order.country).to_owned(),
        currency: order.currency.clone(),
        total_minor: converted(total, rate_ppm(&order.currency), rounding),
        items: i32::try_from(sum(|line| i64::from(line.quantity))).unwrap_or(i32::MAX),
    }
}

fn converted(minor: i64, rate_ppm: i64, rounding: Rounding) -> i64 {
    let half = match rounding {
        Rounding::Nearest => 500_000,
        Rounding::Down => 0,
    };
    minor.saturating_mul(rate_ppm).saturating_add(half) / 1_000_000
}

/// Millionths of a euro for one.
fn rate_ppm(currency: &str) -> i64 {
    match currency {
        "CHF" => 1_043_077,
        "GBP" => 1_171_913,
        "USD" => 921_337,
        _ => 1_000_000,
    }
}

fn region(country: &str) -> &'static str {
    match country {
        "US" | "CA" => "AMER",
        "JP" => "APAC",
        _ => "EMEA",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_rounded() {
        for (minor, rate, nearest, down) in [
            (100, 1_000_000, 100, 100),
            (100, 1_043_077, 104, 104),
            (150, 1_043_077, 156, 156),
            (199, 1_043_077, 208, 207),
            (0, 921_337, 0, 0),
        ] {
            assert_eq!(converted(minor, rate, Rounding::Nearest), nearest);
            assert_eq!(converted(minor, rate, Rounding::Down), down);
        }
    }
}
