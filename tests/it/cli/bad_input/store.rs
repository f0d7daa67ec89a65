//! Databases that cannot be written, are something else, or belong to a newer version.

use super::Program;
use super::log::{Answering, Cluster};

#[test]
fn that_cannot_be_used() {
    let (registry, cluster) = (Answering::registry(), Cluster::new());
    let program = Program::new();
    let config = cluster.config(&registry.url, "");
    let with = |name: &str, url: &str| program.write(name, config.replace("sqlite://cc.db", url));
    with("folder.yaml", "sqlite://no-folder/cc.db");
    with("itself.yaml", "sqlite://itself");
    std::fs::create_dir(program.path("itself")).unwrap();
    with("text.yaml", "sqlite://text.db");
    program.write(
        "text.db",
        "This is a text, and it is longer than the header of a database.".repeat(20),
    );
    with("newer.yaml", "sqlite://newer.db");
    let ran = program.run("migrate -c newer.yaml");
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    make_newer(&program);
    with("gone.yaml", "postgres://127.0.0.1:1/cc");
    let mut all = Vec::new();
    for name in ["folder", "itself", "text", "newer", "gone"] {
        for command in ["run -q", "migrate", "release list", "verdict --release r"] {
            all.push(program.told(&format!("{command} -c {name}.yaml"), &[]));
        }
        let ran = program.run(&format!("check -c {name}.yaml"));
        assert_eq!(ran.code, Some(1), "{name}: {}{}", ran.out, ran.log);
        let told: Vec<&str> = ran
            .out
            .lines()
            .skip_while(|line| !line.contains(" store: "))
            .take(2)
            .collect();
        assert!(told[0].starts_with("BAD") && told[1].contains("hint:"), "{}", ran.out);
        all.push(format!("$ crosscheck check -c {name}.yaml\n{}\n", told.join("\n")));
    }
    insta::assert_snapshot!(all.join("\n"));
}

/// As a later version leaves it.
fn make_newer(program: &Program) {
    let url = format!("sqlite://{}", program.path("newer.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::Connection;
        let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let newer = "INSERT INTO schema_versions (version, at_ms) VALUES (99, 0)";
        sqlx::query(newer).execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    });
}
