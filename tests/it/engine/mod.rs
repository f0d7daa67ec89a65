//! Engine: properties and worked examples of the rules.
