//! Which names a client may call us by. A page in a browser must not reach us under a name of its own (DNS rebinding).

use std::net::{IpAddr, Ipv6Addr};

use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};

/// Endings that no public name has.
const INNER: [&str; 2] = [".svc", ".svc.cluster.local"];

/// True if the request names this server: by an address, `localhost`, a name of one label, a name inside a cluster, or
/// one of `hosts`. On loopback only an address of it and `localhost`, beside `hosts`.
pub(super) fn is_ours(uri: &Uri, headers: &HeaderMap, hosts: &[String], loopback: bool) -> bool {
    let mut given = headers.get_all(HOST).iter();
    let (Some(host), None) = (given.next(), given.next()) else {
        return false;
    };
    let Ok(host) = host.to_str() else { return false };
    let authority = uri.authority().map(|authority| authority.as_str());
    [Some(host), authority]
        .into_iter()
        .flatten()
        .all(|authority| name(authority).is_some_and(|name| is_allowed(name, hosts, loopback)))
}

/// The name in `name[:port]`; an IPv6 address keeps its brackets.
fn name(authority: &str) -> Option<&str> {
    if authority.starts_with('[') {
        let end = authority.find(']')?;
        let (name, rest) = authority.split_at_checked(end + 1)?;
        return (rest.is_empty() || is_port(rest)).then_some(name);
    }
    match authority.find(':') {
        None => Some(authority),
        Some(colon) => {
            let (name, rest) = authority.split_at_checked(colon)?;
            is_port(rest).then_some(name)
        }
    }
}

fn is_port(rest: &str) -> bool {
    rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

fn is_allowed(name: &str, hosts: &[String], loopback: bool) -> bool {
    if hosts.iter().any(|host| host.eq_ignore_ascii_case(name)) || name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    if let Some(address) = address(name) {
        return !loopback || address.is_loopback();
    }
    let lower = name.to_ascii_lowercase();
    let inner = !lower.contains('.') || INNER.iter().any(|ending| lower.ends_with(ending));
    !loopback && !lower.is_empty() && inner
}

fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, loopback: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        is_ours(
            &Uri::from_static("/"),
            &headers,
            &["gate.example.org".to_owned()],
            loopback,
        )
    }

    #[test]
    fn names() {
        for (host, on_loopback, elsewhere) in [
            ("127.0.0.1:9600", true, true),
            ("127.0.0.1", true, true),
            ("localhost:9600", true, true),
            ("LOCALHOST", true, true),
            ("[::1]:9600", true, true),
            ("[::1]", true, true),
            ("10.2.3.4:9600", false, true),
            ("[fd00::1]:9600", false, true),
            ("crosscheck", false, true),
            ("crosscheck:9600", false, true),
            ("crosscheck.canary.svc", false, true),
            ("crosscheck.canary.svc.cluster.local:9600", false, true),
            ("gate.example.org", true, true),
            ("Gate.Example.org:443", true, true),
            ("evil.example.org", false, false),
            ("localhost.evil.example.org", false, false),
            ("127.0.0.1.evil.example.org", false, false),
            ("evil.svc.example.org", false, false),
            ("127.0.0.1:port", false, false),
            ("[::1]evil", false, false),
            ("[::1", false, false),
            ("", false, false),
            (":9600", false, false),
            ("localhost:9600:1", false, false),
            ("user@localhost", false, true),
        ] {
            assert_eq!(check(host, true), on_loopback, "{host:?} on loopback");
            assert_eq!(check(host, false), elsewhere, "{host:?} elsewhere");
        }
    }

    #[test]
    fn no_host_two_hosts_and_a_foreign_target() {
        let none = HeaderMap::new();
        assert!(!is_ours(&Uri::from_static("/"), &none, &[], false));
        let mut two = HeaderMap::new();
        two.append(HOST, "localhost".parse().unwrap());
        two.append(HOST, "localhost".parse().unwrap());
        assert!(!is_ours(&Uri::from_static("/"), &two, &[], false));
        let mut one = HeaderMap::new();
        one.append(HOST, "localhost".parse().unwrap());
        assert!(is_ours(&Uri::from_static("http://127.0.0.1/"), &one, &[], true));
        assert!(!is_ours(&Uri::from_static("http://evil.example.org/"), &one, &[], true));
    }
}
