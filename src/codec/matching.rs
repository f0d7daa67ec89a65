//! Which field of a writer's record is which field of the contract's: renames, names, aliases.

use super::schema::RecordField;

/// For each field of the contract the writer's. `renamed` gives the contract's name of a field that the rules rename.
pub(super) fn fields<'r>(
    from: &[RecordField],
    to: &[RecordField],
    renamed: impl Fn(&str) -> Option<&'r str>,
) -> Vec<Option<usize>> {
    let mut found = vec![None; to.len()];
    let mut taken = vec![false; from.len()];
    for (i, field) in from.iter().enumerate() {
        if let Some(name) = renamed(&field.name)
            && let Some(place) = to.iter().position(|other| other.name == name)
            && found[place].is_none()
        {
            found[place] = Some(i);
            taken[i] = true;
        }
    }
    let names: std::collections::BTreeMap<&str, usize> = from
        .iter()
        .zip(0..)
        .map(|(field, i)| (field.name.as_str(), i))
        .collect();
    for (place, field) in to.iter().enumerate() {
        if found[place].is_none()
            && let Some(i) = names.get(field.name.as_str())
            && !taken[*i]
        {
            found[place] = Some(*i);
            taken[*i] = true;
        }
    }
    for (place, field) in to.iter().enumerate() {
        if found[place].is_some() {
            continue;
        }
        let alias = |other: &RecordField| field.aliases.contains(&other.name) || other.aliases.contains(&field.name);
        if let Some(i) = (0..from.len()).find(|i| !taken[*i] && alias(&from[*i])) {
            found[place] = Some(i);
            taken[i] = true;
        }
    }
    found
}
