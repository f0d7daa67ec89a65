//! Words of a rule as values of documents.

use super::document::{FALSE, NUMBER, TEXT, TRUE};
use super::scan::Scan;
use crate::codec::canonical::put_bytes;

/// What a word may be in a document: the text of it, the number, the boolean; each in the document form.
pub(in crate::codec) fn all(word: &str) -> [Option<Vec<u8>>; 3] {
    let mut text = vec![TEXT];
    put_bytes(&mut text, word.as_bytes());
    let mut scan = Scan::new(word.as_bytes());
    let begins = word.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let number = begins.then(|| scan.number().ok()).flatten().map(|number| {
        let mut out = vec![NUMBER];
        number.digits().put(&mut out);
        out
    });
    let whole = scan.end().is_ok();
    let boolean = match word {
        "true" => Some(vec![TRUE]),
        "false" => Some(vec![FALSE]),
        _ => None,
    };
    [Some(text), number.filter(|_| whole), boolean]
}
