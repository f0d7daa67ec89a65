//! SIGINT in a bounded run: the report so far, whenever it comes.

use std::net::TcpListener;

use super::bad_input::Program;

#[test]
fn before_anything_is_read() {
    // A broker that takes the connection and says nothing: once it is there, the run waits for it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let program = Program::new();
    let running = program.start(&format!(
        "reconcile -q -o json --format raw --baseline kafka://{address}/a --canary kafka://{address}/b"
    ));
    let connection = silent.accept().unwrap();
    let (code, out) = running.interrupt();
    drop(connection);
    assert_eq!(code, Some(130), "{out}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&report["interrupted"], &report["verdict"]),
        (&serde_json::json!(true), &serde_json::json!("inconclusive"))
    );
    assert_eq!(report["streams"][0]["sides"]["baseline"]["read"], 0);
    assert_eq!(report["reasons"][0]["text"], "interrupted before anything was read");
}
