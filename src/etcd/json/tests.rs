//! What requests say, well written and otherwise.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use quorate_models::kv::Text;
use quorate_models::kv::etcd::{
    Answer, Body, Compare, Field, Operation, Pair, Range, Relation, Request, Span, Target, Txn,
};
use serde_json::{Value, json};

use super::{Asked, Header, read, write};

const NAMES: [&str; 4] = ["put", "range", "deleterange", "txn"];

fn asked(name: &str, body: &Value) -> Request {
    let read = read(name, body.to_string().as_bytes()).expect("a path");
    read.unwrap_or_else(|problem| panic!("{body}: {problem:?}")).request
}

/// The words with which `body` is refused.
fn refused(name: &str, body: &Value) -> String {
    let read = read(name, body.to_string().as_bytes()).expect("a path");
    format!("{:?}", read.expect_err("it cannot be meant"))
}

fn base64(text: &[u8]) -> Value {
    STANDARD.encode(text).into()
}

#[test]
fn fields_have_two_spellings_and_numbers_and_names_two_forms() {
    let expected = Request::Alone(Operation::Range(Range {
        keys: Span { key: "a".into(), end: "b".into() },
        limit: 3,
        revision: 9,
        order_by: Field::Modified,
        descending: true,
        keys_only: true,
        count_only: true,
    }));
    for body in [
        json!({
            "key": "YQ==", "range_end": "Yg==", "limit": "3", "revision": "9",
            "sort_order": "DESCEND", "sort_target": "MOD", "keys_only": true, "count_only": true,
        }),
        json!({
            "key": "YQ==", "rangeEnd": "Yg==", "limit": 3, "revision": 9, "sortOrder": 2,
            "sortTarget": 3, "keysOnly": true, "countOnly": true, "minModRevision": null,
            "max_create_revision": "0", "serializable": false,
        }),
    ] {
        assert_eq!(asked("range", &body), expected);
    }
    let compare = |target, relation| Compare {
        keys: Span { key: "a".into(), end: "".into() },
        relation,
        target,
    };
    let written = |fields: Value| {
        let mut compare = json!({ "key": "YQ==" });
        compare.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "compare": [compare] })
    };
    for (fields, expected) in [
        (json!({ "version": "1" }), compare(Target::Version(1), Relation::Equal)),
        (
            json!({ "target": 1, "createRevision": -1, "result": "GREATER" }),
            compare(Target::Created(-1), Relation::Greater),
        ),
        (
            json!({ "target": "MOD", "mod_revision": "7", "result": 2 }),
            compare(Target::Modified(7), Relation::Less),
        ),
        (
            json!({ "target": "VALUE", "value": "Yg==", "result": 3 }),
            compare(Target::Value("b".into()), Relation::NotEqual),
        ),
    ] {
        let txn = Txn { compare: vec![expected], success: Vec::new(), failure: Vec::new() };
        assert_eq!(asked("txn", &written(fields)), Request::Txn(txn));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_and_its_field_named() {
    for (name, body, words) in [
        ("put", json!({ "key": "YQ" }), "illegal base64"),
        ("put", json!({ "key": "YQ==", "values": "" }), "unknown field `values`"),
        ("put", json!({ "key": "YQ==", "prev_kv": 1 }), "expected a boolean"),
        ("put", json!({ "value": "YQ==" }), "key is not provided"),
        ("range", json!({ "key": "YQ==", "limit": 1.5 }), "a number of 64 bits"),
        ("range", json!({ "key": "YQ==", "limit": "9223372036854775808" }), "64 bits"),
        ("range", json!({ "key": "YQ==", "limit": 9_223_372_036_854_775_808_u64 }), "64 bits"),
        ("range", json!({ "key": "YQ==", "sort_order": -1 }), "a name or its number"),
        ("range", json!({ "key": "YQ==", "sort_target": "LEASE" }), "sort_target: "),
        ("range", json!([]), "no JSON object"),
        ("deleterange", json!({ "key": "YQ==", "limit": 1 }), "unknown field `limit`"),
        ("txn", json!({ "success": {} }), "expected a sequence"),
        ("txn", json!({ "success": [{}] }), "key not found"),
    ] {
        assert!(refused(name, &body).contains(words), "{}", refused(name, &body));
    }
    let twice = br#"{"key":"YQ==","key":"Yg=="}"#;
    assert!(format!("{:?}", read("put", twice)).contains("duplicate field"));
    assert_eq!(read("compaction", b"{}"), None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let fields = vec![
        "key",
        "value",
        "range_end",
        "limit",
        "sort_order",
        "compare",
        "success",
        "request_put",
        "request_range",
        "target",
        "version",
        "lease",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["", "YQ==", "VALUE", "7", "*"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let entry = (prop::sample::select(fields.clone()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            prop::collection::btree_map(entry.0.prop_map(String::from), entry.1, 0..5)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(bytes in any::<Vec<u8>>(), body in any_json()) {
        for name in NAMES {
            let _ = read(name, &bytes);
            let _ = read(name, body.to_string().as_bytes());
        }
    }

    #[test]
    fn keys_and_values_come_through_as_they_are(
        key in prop::collection::vec(any::<u8>(), 1..9),
        value in any::<Vec<u8>>(),
        revision in 1..=u64::MAX,
    ) {
        let body = json!({ "key": base64(&key), "value": base64(&value), "prevKv": true });
        let (key, value) = (Text::from(&*key), Text::from(&*value));
        let put = Operation::Put { key: key.clone(), value: value.clone(), previous: true };
        let expected = Asked { request: Request::Alone(put), serializable: false };
        prop_assert_eq!(read("put", body.to_string().as_bytes()), Some(Ok(expected)));

        let pair = Pair { key, value, created: revision, modified: 1, version: 2 };
        let answer = Answer { revision, body: Body::Put { previous: Some(pair) } };
        let shown: Value = serde_json::from_slice(&write(Header::default(), &answer)).unwrap();
        let held = &shown["prev_kv"];
        prop_assert_eq!(&held["key"], &body["key"]);
        let given = body["value"].as_str().filter(|text| !text.is_empty());
        prop_assert_eq!(held["value"].as_str(), given);
        prop_assert_eq!(&held["create_revision"], &json!(revision.to_string()));
        prop_assert_eq!(&shown["header"], &json!({ "revision": revision.to_string() }));
    }
}
