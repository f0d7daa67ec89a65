//! Engine: properties and worked examples of the rules.

mod driver;
mod examples;
mod hot;
mod oracle;
mod properties;
mod replayed;
mod world;
