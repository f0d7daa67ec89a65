//! A real registry: what is registered comes back, with references, and a miss is a miss.

use crosscheck::edge::registry::{Auth, Registry, RegistryError, Settings};
use serde_json::{Value, json};
use uuid::Uuid;

async fn register(url: &str, subject: &str, body: Value) -> u32 {
    let at = format!("{url}/subjects/{subject}/versions");
    let answer = reqwest::Client::new().post(at).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    u32::try_from(answer["id"].as_u64().unwrap()).unwrap()
}

#[tokio::test]
#[ignore = "needs the stack: tests/stack/up"]
async fn schemas_come_back_by_id_and_by_version() {
    let url = std::env::var_os("CROSSCHECK_TEST_REGISTRY").expect("CROSSCHECK_TEST_REGISTRY: run tests/stack/up");
    let url = url.into_string().unwrap();
    let registry = Registry::new(&Settings {
        url: url.clone(),
        auth: Auth::None,
        ca: None,
        allow_insecure: false,
    })
    .unwrap();
    registry.ping().await.unwrap();

    let tag = Uuid::now_v7().simple();
    let money = json!({"type": "record", "name": format!("Money{tag}"), "fields": [{"name": "cents", "type": "long"}]});
    let order = json!({"type": "record", "name": format!("Order{tag}"),
        "fields": [{"name": "total", "type": format!("Money{tag}")}]});
    let first = register(&url, &format!("money-{tag}"), json!({"schema": money.to_string()})).await;
    let reference = json!({"name": format!("Money{tag}"), "subject": format!("money-{tag}"), "version": 1});
    let body = json!({"schema": order.to_string(), "references": [reference]});
    let second = register(&url, &format!("order-{tag}"), body).await;

    let same = |text: &str, expected: &Value| serde_json::from_str::<Value>(text).unwrap() == *expected;
    let found = registry.schema(first).await.unwrap();
    assert!(same(&found.json, &money) && found.references.is_empty());
    let found = registry.schema(second).await.unwrap();
    assert!(same(&found.json, &order));
    assert!(matches!(found.references.as_slice(), [one] if same(one, &money)));
    for version in [None, Some(1)] {
        let found = registry
            .subject_version(&format!("order-{tag}"), version)
            .await
            .unwrap();
        assert!(same(&found.json, &order));
        assert_eq!(found.id, Some(second));
    }
    let error = registry.schema(987_654_321).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error}");
    let error = registry.subject_version("nowhere", None).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error}");
}
