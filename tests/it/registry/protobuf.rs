//! Protobuf schemas: with what they import, however deep, by the names in the imports.

use std::sync::Arc;
use std::time::Duration;

use crosscheck::app::book::{Book, Fact, Reader};
use crosscheck::app::contract;
use crosscheck::app::schemas::{Origin, Patience, Schemas};
use crosscheck::codec::{Field, Format, Progress, Reducer, SchemaRef, Settings};
use crosscheck::config::Contract;
use crosscheck::model::{RecordBatch, Reduction, Side, Sides};
use serde_json::json;
use tokio::runtime::Handle;
use wiremock::{MockServer, ResponseTemplate};

use super::{answers, registry};

const ORDER: &str = r#"syntax = "proto3"; package shop; import "shop/money.proto"; import "google/protobuf/timestamp.proto";
message Ping { bool loud = 1; }
message Order { Money total = 1; google.protobuf.Timestamp at = 2; message Line { string sku = 1; } }"#;
const MONEY: &str = r#"syntax = "proto3"; package shop; import "shop/currency.proto"; message Money { int64 cents = 1; Currency currency = 2; }"#;
const CURRENCY: &str = r#"syntax = "proto3"; package shop; enum Currency { EUR = 0; USD = 1; }"#;

fn with(text: &str, references: &[(&str, &str)]) -> ResponseTemplate {
    let references: Vec<_> = references
        .iter()
        .map(|(name, subject)| json!({"name": name, "subject": subject, "version": 1}))
        .collect();
    ResponseTemplate::new(200)
        .set_body_json(json!({"schema": text, "schemaType": "PROTOBUF", "references": references}))
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let order = || with(ORDER, &[("shop/money.proto", "money")]);
    answers(&server, "/schemas/ids/7", order(), 1).await;
    answers(&server, "/subjects/orders-value/versions/3", order(), 1).await;
    answers(
        &server,
        "/subjects/money/versions/1",
        with(MONEY, &[("shop/currency.proto", "currency")]),
        2,
    )
    .await;
    answers(&server, "/subjects/currency/versions/1", with(CURRENCY, &[]), 2).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_are_fetched_and_each_message_has_its_contract() {
    let server = server().await;
    let origin = Origin {
        registry: Some(Arc::new(registry(&server.uri()))),
        topic: None,
        fixed: None,
    };
    let origins = Sides {
        baseline: origin.clone(),
        canary: origin,
        control: None,
    };
    let book = Book::default();
    let mut schemas = Schemas::new(Handle::current(), origins, Patience::BOUNDED, book.clone());
    let settings = Settings {
        format: Format::Protobuf,
        key_format: Format::Raw,
        ..Settings::default()
    };
    let mut reader = Reader::new(Reducer::new(Side::Baseline, settings), Side::Baseline, book.clone());
    // A ping, an order of one euro at a second past the epoch, a line, and a message that is not there.
    let records = [
        &b"\0\0\0\0\x07\0\x08\x01"[..],
        b"\0\0\0\0\x07\x02\x02\x0a\x02\x08\x64\x12\x02\x08\x01",
        b"\0\0\0\0\x07\x04\x02\0\x0a\x01s",
        b"\0\0\0\0\x07\x02\x06",
    ];
    let mut batch = RecordBatch::new(0);
    for (offset, value) in (0..).zip(records) {
        batch.push_value(offset, value);
    }
    let (mut out, mut types) = (Vec::new(), Vec::new());
    loop {
        match reader.reducer().reduce(&batch, out.len(), &mut out) {
            Progress::Done => break,
            Progress::NeedsSchema { field, schema, .. } => {
                schemas.ask(Side::Baseline, field, schema);
                schemas.wait(Duration::from_secs(5)).await.unwrap();
            }
            Progress::NeedsContract { field, schema, .. } => {
                types.push(schema.name().to_owned());
                book.note(Fact::Contract(field, schema));
            }
        }
    }
    assert_eq!(types, ["shop.Ping", "shop.Order", "shop.Order.Line"]);
    let decoded = out.iter().filter(|entry| matches!(entry.body, Reduction::Decoded(_)));
    assert_eq!((decoded.count(), out.len()), (3, 4));
    // The same schema as a contract that is named.
    let named = Contract::Subject {
        name: "orders-value".to_owned(),
        version: 3,
    };
    let found = contract::named(&named, Some(&registry(&server.uri()))).await.unwrap();
    assert!(found.is_protobuf());
    assert!(matches!(
        book.since(0)[0],
        Fact::Schema(_, Field::Value, SchemaRef::Id(7), _)
    ));
}

#[tokio::test]
async fn a_contract_is_a_file_with_its_imports() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("shop")).unwrap();
    std::fs::write(at("order.proto"), ORDER).unwrap();
    let named = Contract::File(at("order.proto"));
    let said = |error: anyhow::Error| format!("{error:#}");
    let missing = said(contract::named(&named, None).await.unwrap_err());
    assert!(
        missing.contains("shop/money.proto, which the contract imports"),
        "{missing}"
    );
    std::fs::write(at("shop/money.proto"), MONEY).unwrap();
    std::fs::write(at("shop/currency.proto"), CURRENCY).unwrap();
    let schema = contract::named(&named, None).await.unwrap();
    assert!(schema.is_protobuf());
    std::fs::write(at("shop/currency.proto"), "message {").unwrap();
    let broken = said(contract::named(&named, None).await.unwrap_err());
    assert!(broken.contains("parse contract"), "{broken}");
    std::fs::write(
        at("order.proto"),
        "syntax = \"proto3\"; import \"../secret.proto\"; message A {}",
    )
    .unwrap();
    let outside = said(contract::named(&named, None).await.unwrap_err());
    // By the parser, or by us.
    let refused = ["leads out of its folder", "cannot be compiled"];
    assert!(refused.iter().any(|text| outside.contains(text)), "{outside}");
    // Records without a schema id need a contract that is Protobuf.
    let settings = Settings {
        format: Format::Protobuf,
        framing: crosscheck::codec::Framing::None,
        ..Settings::default()
    };
    assert!(contract::check(&schema, &settings, Side::Canary).is_ok());
    let avro = crosscheck::codec::Schema::parse("\"string\"").unwrap();
    let refused = said(contract::check(&avro, &settings, Side::Canary).unwrap_err());
    assert!(
        refused.contains("the canary's records are Protobuf without a schema id"),
        "{refused}"
    );
}

/// As Confluent's serializer for Python registers a schema, and a registry that is not Confluent's gives it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_descriptor_in_base64_is_a_schema() {
    let described = concat!(
        "ChBzaG9wL29yZGVyLnByb3RvEgRzaG9wGh9nb29nbGUvcHJvdG9idWYvdGltZXN0YW1wLnByb3RvIiUKBEl0ZW0SCwoDc2t1GAEgASgJEhAKCHF1YW50",
        "aXR5GAIgASgRIqQCCgVPcmRlchIQCghvcmRlcl9pZBgJIAEoCRIQCghjdXN0b21lchgCIAEoBhIRCgRub3RlGAMgASgJSACIAQESHAoGc3RhdHVzGAQg",
        "ASgOMgwuc2hvcC5TdGF0dXMSGQoFaXRlbXMYBSADKAsyCi5zaG9wLkl0ZW0SLwoKYXR0cmlidXRlcxgGIAMoCzIbLnNob3AuT3JkZXIuQXR0cmlidXRl",
        "c0VudHJ5Eg0KBXRvdGFsGAcgASgBEi8KCmNyZWF0ZWRfYXQYyAEgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcBoxCg9BdHRyaWJ1dGVzRW50",
        "cnkSCwoDa2V5GAEgASgJEg0KBXZhbHVlGAIgASgJOgI4AUIHCgVfbm90ZSolCgZTdGF0dXMSBwoDTkVXEAASCAoEUEFJRBABEggKBFNFTlQQAmIGcHJv",
        "dG8z"
    );
    let server = MockServer::start().await;
    answers(&server, "/schemas/ids/7", with(described, &[]), 1).await;
    let registered = registry(&server.uri()).schema(7).await.unwrap();
    let schema = crosscheck::app::schemas::of_registered(&registered).unwrap().unwrap();
    assert!(schema.is_protobuf());
    // The second message, and what is no descriptor is read as text.
    let mut reducer = Reducer::new(
        Side::Canary,
        Settings {
            format: Format::Protobuf,
            ..Settings::default()
        },
    );
    reducer.add_schema(Field::Value, SchemaRef::Id(7), schema.clone());
    reducer.set_sole_contract(Field::Value, schema);
    let mut batch = RecordBatch::new(0);
    batch.push_value(0, &[0, 0, 0, 0, 7, 2, 2, 0x4a, 1, b'a', 0x1a, 0]);
    let mut out = Vec::new();
    assert!(matches!(reducer.reduce(&batch, 0, &mut out), Progress::Done));
    assert!(matches!(out[0].body, Reduction::Decoded(_)));
    assert!(crosscheck::codec::Schema::protobuf("AAAA", &[]).is_err());
}
