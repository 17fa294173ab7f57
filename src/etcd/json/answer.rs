//! What answers say. What is 0, false or empty is left out, and numbers of 64 bits are strings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorate_models::kv::Text;
use quorate_models::kv::etcd::{Answer, Body, Pair};
use serde::{Serialize, Serializer};

/// Who answers.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Header {
    #[serde(serialize_with = "number", skip_serializing_if = "is_none")]
    pub cluster_id: u64,
    #[serde(serialize_with = "number", skip_serializing_if = "is_none")]
    pub member_id: u64,
    #[serde(serialize_with = "number", skip_serializing_if = "is_none")]
    pub revision: u64,
    #[serde(serialize_with = "number", skip_serializing_if = "is_none")]
    pub raft_term: u64,
}

#[derive(Serialize)]
struct Written<'a> {
    header: Header,
    #[serde(flatten)]
    body: WrittenBody<'a>,
}

#[derive(Default, Serialize)]
struct WrittenBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    prev_kv: Option<WrittenPair<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kvs: Vec<WrittenPair<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    more: bool,
    #[serde(serialize_with = "number", skip_serializing_if = "is_none")]
    count: u64,
    #[serde(serialize_with = "number", skip_serializing_if = "is_none")]
    deleted: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prev_kvs: Vec<WrittenPair<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    succeeded: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    responses: Vec<WrittenAnswer<'a>>,
}

#[derive(Serialize)]
enum WrittenAnswer<'a> {
    #[serde(rename = "response_put")]
    Put(Written<'a>),
    #[serde(rename = "response_range")]
    Range(Written<'a>),
    #[serde(rename = "response_delete_range")]
    DeleteRange(Written<'a>),
    #[serde(rename = "response_txn")]
    Txn(Written<'a>),
}

#[derive(Serialize)]
struct WrittenPair<'a> {
    #[serde(serialize_with = "base64")]
    key: &'a Text,
    #[serde(serialize_with = "number")]
    create_revision: u64,
    #[serde(serialize_with = "number")]
    mod_revision: u64,
    #[serde(serialize_with = "number")]
    version: u64,
    #[serde(serialize_with = "base64", skip_serializing_if = "is_empty")]
    value: &'a Text,
}

fn is_none(number: &u64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_empty(text: &&Text) -> bool {
    text.len() == 0
}

fn number<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

fn base64<S: Serializer>(text: &&Text, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(&***text))
}

/// `answer` of the store, by the member that `header` says.
pub fn write(header: Header, answer: &Answer) -> Vec<u8> {
    serde_json::to_vec(&written(header, answer)).expect("it has names for keys")
}

fn written(header: Header, answer: &Answer) -> Written<'_> {
    let body = match &answer.body {
        Body::Put { previous } => {
            WrittenBody { prev_kv: previous.as_ref().map(pair), ..WrittenBody::default() }
        }
        Body::Range { pairs, more, count } => {
            let kvs = pairs.iter().map(pair).collect();
            WrittenBody { kvs, more: *more, count: *count, ..WrittenBody::default() }
        }
        Body::Deleted { count, previous } => {
            let prev_kvs = previous.iter().map(pair).collect();
            WrittenBody { deleted: *count, prev_kvs, ..WrittenBody::default() }
        }
        Body::Txn { succeeded, answers } => {
            let responses = answers.iter().map(part).collect();
            WrittenBody { succeeded: *succeeded, responses, ..WrittenBody::default() }
        }
    };
    Written { header: Header { revision: answer.revision, ..header }, body }
}

/// The answer to an operation of a transaction.
fn part(answer: &Answer) -> WrittenAnswer<'_> {
    let written = written(Header::default(), answer);
    match &answer.body {
        Body::Put { .. } => WrittenAnswer::Put(written),
        Body::Range { .. } => WrittenAnswer::Range(written),
        Body::Deleted { .. } => WrittenAnswer::DeleteRange(written),
        Body::Txn { .. } => WrittenAnswer::Txn(written),
    }
}

fn pair(pair: &Pair) -> WrittenPair<'_> {
    let Pair { key, value, created, modified, version } = pair;
    WrittenPair {
        key,
        create_revision: *created,
        mod_revision: *modified,
        version: *version,
        value,
    }
}
