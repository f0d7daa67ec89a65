//! The container file: what can be said of it without a container engine. The gate also lays out the
//! image's file system with `deploy/rootfs` and runs the program in it.

use super::text;

fn instructions() -> Vec<String> {
    text("deploy/Containerfile")
        .replace("\\\n", " ")
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// The instructions of the last stage.
fn image() -> Vec<String> {
    let all = instructions();
    let last = all.iter().rposition(|line| line.starts_with("FROM ")).unwrap();
    all[last..].to_vec()
}

#[test]
fn the_image_holds_the_program_alone_and_is_not_root() {
    let image = image();
    assert_eq!(image[0], "FROM scratch");
    assert!(image.contains(&"USER 65532:65532".to_owned()));
    assert!(image.contains(&r#"ENTRYPOINT ["/usr/bin/crosscheck"]"#.to_owned()));
    let copies: Vec<_> = image.iter().filter(|line| line.starts_with("COPY ")).collect();
    assert_eq!(copies, ["COPY --from=build /rootfs /"]);
    assert!(
        !image.iter().any(|line| line.starts_with("RUN ")),
        "there is no shell to run it"
    );
}

#[test]
fn the_image_says_its_version() {
    assert!(image().contains(&format!("ARG VERSION={}", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_build_is_locked_and_links_openssl_in() {
    let build = instructions()
        .into_iter()
        .find(|line| line.contains("cargo build"))
        .unwrap();
    for flag in ["--release", "--locked", "--features ssl-vendored"] {
        assert!(build.contains(flag), "{flag} in {build}");
    }
}
