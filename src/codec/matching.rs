//! Which field of a writer's record, or which member of a document's object, is which field of the contract's: renames, names,
//! aliases.

use std::collections::HashMap;

use super::schema::RecordField;

/// The fields of a contract's record by what they may be called.
pub(super) struct Names {
    fields: usize,
    places: HashMap<Box<[u8]>, usize>,
    /// Fields by their other names.
    aliases: HashMap<Box<[u8]>, Vec<usize>>,
}

impl Names {
    pub fn new(fields: &[RecordField]) -> Self {
        let mut aliases: HashMap<Box<[u8]>, Vec<usize>> = HashMap::new();
        for (at, field) in fields.iter().enumerate() {
            for alias in &field.aliases {
                aliases.entry(alias.as_bytes().into()).or_default().push(at);
            }
        }
        let place = |(at, field): (usize, &RecordField)| (field.name.as_bytes().into(), at);
        Self {
            fields: fields.len(),
            places: fields.iter().enumerate().map(place).collect(),
            aliases,
        }
    }

    /// Some fields have other names too.
    pub fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }

    /// The field of a name.
    pub fn place(&self, name: &[u8]) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// For each member, a name with its own aliases, the field that it is. `renamed` gives the contract's name of a member
    /// that the rules rename.
    pub fn chosen<'r>(
        &self,
        members: &[(&[u8], &[String])],
        renamed: impl Fn(&[u8]) -> Option<&'r [u8]>,
    ) -> Vec<Option<usize>> {
        let mut chosen = vec![None; members.len()];
        let mut taken = vec![false; self.fields];
        let mut take = |member: usize, field: usize| {
            if chosen[member].is_none() && !std::mem::replace(&mut taken[field], true) {
                chosen[member] = Some(field);
            }
        };
        for (member, (name, _)) in members.iter().enumerate() {
            if let Some(field) = renamed(name).and_then(|name| self.place(name)) {
                take(member, field);
            }
        }
        for (member, (name, _)) in members.iter().enumerate() {
            if let Some(field) = self.place(name) {
                take(member, field);
            }
        }
        // The contract's fields in their order, each with the first member that is free.
        let mut aliased: Vec<(usize, usize)> = Vec::new();
        for (member, (name, own)) in members.iter().enumerate() {
            let of_contract = self.aliases.get(*name).into_iter().flatten().copied();
            let of_writer = own.iter().filter_map(|alias| self.place(alias.as_bytes()));
            aliased.extend(of_contract.chain(of_writer).map(|field| (field, member)));
        }
        aliased.sort_unstable();
        for (field, member) in aliased {
            take(member, field);
        }
        chosen
    }
}

/// For each field of the contract the writer's. `renamed` gives the contract's name of a field that the rules rename.
pub(super) fn fields<'r>(
    from: &[RecordField],
    to: &[RecordField],
    renamed: impl Fn(&str) -> Option<&'r str>,
) -> Vec<Option<usize>> {
    let members: Vec<(&[u8], &[String])> = from
        .iter()
        .map(|field| (field.name.as_bytes(), field.aliases.as_slice()))
        .collect();
    let renamed = |name: &[u8]| renamed(std::str::from_utf8(name).ok()?).map(str::as_bytes);
    let mut found = vec![None; to.len()];
    for (member, field) in Names::new(to).chosen(&members, renamed).into_iter().enumerate() {
        if let Some(field) = field {
            found[field] = Some(member);
        }
    }
    found
}
