//! Links between the pages lead somewhere.

use super::blocks::{pages, root};

#[test]
fn every_link_between_pages_leads_somewhere() {
    for (name, text) in pages() {
        let folder = root().join(&name).parent().unwrap().to_owned();
        for (_, rest) in text.match_indices("](").map(|(at, _)| text.split_at(at + 2)) {
            let target = rest.split(')').next().unwrap_or_default();
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            if target.contains("://") || path.contains(char::is_whitespace) {
                continue;
            }
            let page = if path.is_empty() {
                root().join(&name)
            } else {
                folder.join(path)
            };
            assert!(page.exists(), "{name} links to {target}");
            if !anchor.is_empty() {
                let found = std::fs::read_to_string(&page).unwrap();
                let mut headings = found.lines().filter_map(|line| line.strip_prefix('#'));
                let anchored = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                assert!(
                    headings.any(|line| anchored(line) == anchor),
                    "{name} links to {target}"
                );
            }
        }
    }
}
