//! Where a registry may be: over https anywhere, over http on this machine, and never where only a cloud's own
//! services answer.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::RegistryError;

/// Addresses of metadata and host services that are not link-local: AWS over IPv6, Alibaba, Azure.
const SERVICES: [IpAddr; 3] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
];

/// Judges an address that the user wrote; asks nobody.
///
/// # Errors
/// It cannot be one of a registry, or must not be.
pub fn address(text: &str, allow_insecure: bool) -> Result<Url, RegistryError> {
    let fault = |reason: String| RegistryError::Address { reason };
    let url = Url::parse(text.trim()).map_err(|error| fault(error.to_string()))?;
    let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")) else {
        return Err(fault("neither http nor https".to_owned()));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("user and password do not belong there".to_owned()));
    }
    // The parser has brought every way to write a number into this one.
    let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let local = ip.map_or_else(|| is_localhost(host), |ip| inner(ip).is_loopback());
    if let Some(what) = ip.and_then(refusal) {
        return Err(fault(format!("{} is {what}", place(&url))));
    }
    if url.scheme() == "http" && !local && !allow_insecure {
        return Err(RegistryError::Plaintext { registry: place(&url) });
    }
    Ok(url)
}

/// Host and port.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// The IPv4 address that an IPv6 one stands for, where it does.
fn inner(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else {
        return ip;
    };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let embeds = matches!([a, b, c, d, e, f], [0x64, 0xff9b, 0, 0, 0, 0] | [0, 0, 0, 0, 0, 0xffff]);
    if embeds {
        let ([i, j], [k, l]) = (g.to_be_bytes(), h.to_be_bytes());
        return IpAddr::V4(Ipv4Addr::new(i, j, k, l));
    }
    ip
}

/// Why nothing that we trust may be at an address.
fn refusal(ip: IpAddr) -> Option<&'static str> {
    let ip = inner(ip);
    let link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let broadcast = matches!(ip, IpAddr::V4(Ipv4Addr::BROADCAST));
    if link_local {
        Some("a link-local address, where a cloud's metadata service answers: refused")
    } else if SERVICES.contains(&ip) {
        Some("the address of a cloud's own service: refused")
    } else if ip.is_unspecified() || ip.is_multicast() || broadcast {
        Some("no address of a host: refused")
    } else {
        None
    }
}

/// Looks names up with the system, and drops what must not be asked: a name may lead anywhere, and elsewhere tomorrow.
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept = keep(&name, found).map_err(io::Error::other)?;
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name that may be asked; why not, where there is none.
fn keep(name: &str, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, String> {
    let mut why = "has no address".to_owned();
    let mut kept = Vec::new();
    for address in found {
        match refusal(address.ip()) {
            Some(what) => why = format!("leads to {what}"),
            // Plain http was allowed because the name says that it is here.
            None if is_localhost(name) && !inner(address.ip()).is_loopback() => {
                "leads to another machine: refused".clone_into(&mut why);
            }
            None => kept.push(address),
        }
    }
    if kept.is_empty() {
        return Err(format!("the name {name} {why}"));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let link_local = "a link-local address, where a cloud's metadata service answers: refused";
        for (text, insecure, expected) in [
            ("http://localhost:8081", false, "localhost:8081"),
            ("http://127.0.0.1:8081", false, "127.0.0.1:8081"),
            ("http://[::1]", false, "[::1]:80"),
            ("https://registry/apis/ccompat/v7/", false, "registry:443"),
            ("http://registry:8081", true, "registry:8081"),
            ("registry:8081", true, "neither http nor https"),
            ("ftp://registry", true, "neither http nor https"),
            (
                "http://user:secret@registry",
                true,
                "user and password do not belong there",
            ),
            ("", true, "relative URL without a base"),
            ("http://10.0.0.1", true, "10.0.0.1:80"),
            ("https://0.0.0.0", true, "0.0.0.0:443 is no address of a host: refused"),
            (
                "https://100.100.100.200",
                true,
                "100.100.100.200:443 is the address of a cloud's own service: refused",
            ),
            (
                "https://[fd00:ec2::254]",
                true,
                "[fd00:ec2::254]:443 is the address of a cloud's own service: refused",
            ),
        ] {
            assert_eq!(told(text, insecure), expected, "{text}");
        }
        // The forms that a number takes.
        for host in [
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
        ] {
            let expected = format!("169.254.169.254:443 is {link_local}");
            assert_eq!(told(&format!("https://{host}"), true), expected, "{host}");
        }
        for host in ["[fe80::1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]"] {
            let expected = format!("{host}:443 is {link_local}");
            assert_eq!(told(&format!("https://{host}"), true), expected, "{host}");
        }
        for host in ["registry", "10.0.0.1", "localhost.example", "[2001:db8::1]"] {
            let expected =
                format!("registry at {host}:80 is asked over plain http, which anybody on the way can read and change");
            assert_eq!(told(&format!("http://{host}"), false), expected, "{host}");
        }
    }

    fn told(text: &str, insecure: bool) -> String {
        match address(text, insecure) {
            Ok(url) => place(&url),
            Err(RegistryError::Address { reason }) => reason,
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_lead_only_to_hosts() {
        let at = |ips: &[&str]| -> Vec<SocketAddr> {
            ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()
        };
        let kept = |name: &str, ips: &[&str]| keep(name, at(ips).into_iter());
        assert_eq!(
            kept("registry", &["10.0.0.1", "169.254.1.1", "fe80::1"]),
            Ok(at(&["10.0.0.1"]))
        );
        assert_eq!(kept("localhost", &["::1", "10.0.0.1"]), Ok(at(&["::1"])));
        for (name, ips, why) in [
            ("metadata", &["169.254.169.254"][..], "leads to a link-local address"),
            ("metadata", &["::ffff:169.254.169.254"], "leads to a link-local address"),
            (
                "metadata",
                &["fd00:ec2::254"],
                "leads to the address of a cloud's own service",
            ),
            ("localhost", &["10.0.0.1"], "leads to another machine"),
            ("nothing", &[], "has no address"),
        ] {
            let told = kept(name, ips).unwrap_err();
            assert!(told.starts_with(&format!("the name {name} {why}")), "{told}");
        }
    }
}
