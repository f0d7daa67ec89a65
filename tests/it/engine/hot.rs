//! One identity that has very many records.
