//! What requests say.

use quorate_models::kv::etcd::{
    Compare, Field, Operation, Range, Relation, Request, Span, Target, Txn,
};
use quorate_models::kv::{KEY_MAX, Text, VALUE_MAX};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fields::{Bytes, Int, Name, choose};
use crate::etcd::problem::Problem;

/// How many conditions a transaction has, and how many operations in each of its two lists.
const OPERATIONS_MAX: usize = 128;

/// What a client asks of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The command.
    pub request: Request,
    /// Whether what the node that is asked knows will do, though it may be old.
    pub serializable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPut {
    key: Option<Bytes>,
    value: Option<Bytes>,
    lease: Option<Int>,
    #[serde(alias = "prevKv")]
    prev_kv: Option<bool>,
    #[serde(alias = "ignoreValue")]
    ignore_value: Option<bool>,
    #[serde(alias = "ignoreLease")]
    ignore_lease: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRange {
    key: Option<Bytes>,
    #[serde(alias = "rangeEnd")]
    range_end: Option<Bytes>,
    limit: Option<Int>,
    revision: Option<Int>,
    #[serde(alias = "sortOrder")]
    sort_order: Option<Name>,
    #[serde(alias = "sortTarget")]
    sort_target: Option<Name>,
    serializable: Option<bool>,
    #[serde(alias = "keysOnly")]
    keys_only: Option<bool>,
    #[serde(alias = "countOnly")]
    count_only: Option<bool>,
    #[serde(alias = "minModRevision")]
    min_mod_revision: Option<Int>,
    #[serde(alias = "maxModRevision")]
    max_mod_revision: Option<Int>,
    #[serde(alias = "minCreateRevision")]
    min_create_revision: Option<Int>,
    #[serde(alias = "maxCreateRevision")]
    max_create_revision: Option<Int>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDelete {
    key: Option<Bytes>,
    #[serde(alias = "rangeEnd")]
    range_end: Option<Bytes>,
    #[serde(alias = "prevKv")]
    prev_kv: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTxn {
    compare: Option<Vec<WrittenCompare>>,
    success: Option<Vec<WrittenOperation>>,
    failure: Option<Vec<WrittenOperation>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCompare {
    key: Option<Bytes>,
    #[serde(alias = "rangeEnd")]
    range_end: Option<Bytes>,
    result: Option<Name>,
    target: Option<Name>,
    version: Option<Int>,
    #[serde(alias = "createRevision")]
    create_revision: Option<Int>,
    #[serde(alias = "modRevision")]
    mod_revision: Option<Int>,
    value: Option<Bytes>,
    lease: Option<Int>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOperation {
    #[serde(alias = "requestRange")]
    request_range: Option<WrittenRange>,
    #[serde(alias = "requestPut")]
    request_put: Option<WrittenPut>,
    #[serde(alias = "requestDeleteRange")]
    request_delete_range: Option<WrittenDelete>,
    #[serde(alias = "requestTxn")]
    request_txn: Option<serde::de::IgnoredAny>,
}

/// What `body` asks of `/v3/kv/name`; `None` if there is no such path.
///
/// # Errors
/// If it cannot be meant, or is not supported.
pub fn read(name: &str, body: &[u8]) -> Option<Result<Asked, Problem>> {
    Some(match name {
        "put" => parse(body).and_then(WrittenPut::operation).map(alone),
        "range" => parse(body).and_then(|range: WrittenRange| {
            let serializable = range.serializable.unwrap_or_default();
            Ok(Asked { serializable, ..alone(range.operation()?) })
        }),
        "deleterange" => parse(body).and_then(WrittenDelete::operation).map(alone),
        "txn" => parse(body).and_then(WrittenTxn::request),
        _ => return None,
    })
}

fn alone(operation: Operation) -> Asked {
    Asked { request: Request::Alone(operation), serializable: false }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // As for etcd, nothing is an object without fields.
    let body = match body.trim_ascii() {
        b"" | b"null" => b"{}",
        body => body,
    };
    if body.first() != Some(&b'{') {
        return Err(Problem::invalid("the request is no JSON object"));
    }
    serde_json::from_slice(body).map_err(Problem::invalid)
}

fn unsupported(given: bool, what: &str) -> Result<(), Problem> {
    if given { Err(Problem::unsupported(what)) } else { Ok(()) }
}

fn is_set(number: &Option<Int>) -> bool {
    number.is_some_and(|number| number.0 != 0)
}

fn text(bytes: Option<Bytes>) -> Text {
    bytes.map_or_else(|| Text::from(""), |bytes| bytes.0)
}

fn key(bytes: Option<Bytes>) -> Result<Text, Problem> {
    let key = text(bytes);
    match key.len() {
        0 => Err(Problem::no_key()),
        length if length > KEY_MAX => Err(Problem::too_large()),
        _ => Ok(key),
    }
}

fn value(bytes: Option<Bytes>) -> Result<Text, Problem> {
    let value = text(bytes);
    if value.len() > VALUE_MAX { Err(Problem::too_large()) } else { Ok(value) }
}

fn span(first: Option<Bytes>, end: Option<Bytes>) -> Result<Span, Problem> {
    let span = Span { key: key(first)?, end: text(end) };
    if span.end.len() > KEY_MAX { Err(Problem::too_large()) } else { Ok(span) }
}

impl WrittenPut {
    fn operation(self) -> Result<Operation, Problem> {
        unsupported(is_set(&self.lease), "leases: the field lease")?;
        unsupported(self.ignore_value == Some(true), "the field ignore_value")?;
        unsupported(self.ignore_lease == Some(true), "leases: the field ignore_lease")?;
        let previous = self.prev_kv.unwrap_or_default();
        Ok(Operation::Put { key: key(self.key)?, value: value(self.value)?, previous })
    }
}

impl WrittenRange {
    fn operation(self) -> Result<Operation, Problem> {
        unsupported(is_set(&self.min_mod_revision), "the field min_mod_revision")?;
        unsupported(is_set(&self.max_mod_revision), "the field max_mod_revision")?;
        unsupported(is_set(&self.min_create_revision), "the field min_create_revision")?;
        unsupported(is_set(&self.max_create_revision), "the field max_create_revision")?;
        // Less than none is none, as it is for etcd.
        let number = |given: Option<Int>| given.and_then(|it| u64::try_from(it.0).ok());
        let orders = [("NONE", false), ("ASCEND", false), ("DESCEND", true)];
        let fields = [
            ("KEY", Field::Key),
            ("VERSION", Field::Version),
            ("CREATE", Field::Created),
            ("MOD", Field::Modified),
            ("VALUE", Field::Value),
        ];
        Ok(Operation::Range(Range {
            keys: span(self.key, self.range_end)?,
            limit: number(self.limit).unwrap_or_default(),
            revision: number(self.revision).unwrap_or_default(),
            order_by: choose(self.sort_target, "sort_target", &fields)?,
            descending: choose(self.sort_order, "sort_order", &orders)?,
            keys_only: self.keys_only.unwrap_or_default(),
            count_only: self.count_only.unwrap_or_default(),
        }))
    }
}

impl WrittenDelete {
    fn operation(self) -> Result<Operation, Problem> {
        let (keys, previous) = (span(self.key, self.range_end)?, self.prev_kv.unwrap_or_default());
        Ok(Operation::Delete { keys, previous })
    }
}

impl WrittenCompare {
    fn compare(self) -> Result<Compare, Problem> {
        #[derive(Clone, Copy, PartialEq)]
        enum Of {
            Version,
            Created,
            Modified,
            Value,
            Lease,
        }
        let relations = [
            ("EQUAL", Relation::Equal),
            ("GREATER", Relation::Greater),
            ("LESS", Relation::Less),
            ("NOT_EQUAL", Relation::NotEqual),
        ];
        let targets = [
            ("VERSION", Of::Version),
            ("CREATE", Of::Created),
            ("MOD", Of::Modified),
            ("VALUE", Of::Value),
            ("LEASE", Of::Lease),
        ];
        let of = choose(self.target, "target", &targets)?;
        unsupported(of == Of::Lease || self.lease.is_some(), "leases: the target LEASE")?;
        let given = [
            ("version", Of::Version, self.version.is_some()),
            ("create_revision", Of::Created, self.create_revision.is_some()),
            ("mod_revision", Of::Modified, self.mod_revision.is_some()),
            ("value", Of::Value, self.value.is_some()),
        ];
        if let Some((field, ..)) = given.iter().find(|(_, other, is)| *is && *other != of) {
            return Err(Problem::invalid(format!("compare: the target is another than {field}")));
        }
        let number = |given: Option<Int>| given.map_or(0, |it| it.0);
        let target = match of {
            Of::Version => Target::Version(number(self.version)),
            Of::Created => Target::Created(number(self.create_revision)),
            Of::Modified => Target::Modified(number(self.mod_revision)),
            Of::Value | Of::Lease => Target::Value(value(self.value)?),
        };
        let relation = choose(self.result, "result", &relations)?;
        Ok(Compare { keys: span(self.key, self.range_end)?, relation, target })
    }
}

impl WrittenOperation {
    fn operation(self) -> Result<Operation, Problem> {
        let WrittenOperation { request_range, request_put, request_delete_range, request_txn } =
            self;
        unsupported(request_txn.is_some(), "a transaction within a transaction")?;
        match (request_range, request_put, request_delete_range) {
            (Some(range), None, None) => {
                unsupported(
                    range.serializable == Some(true),
                    "the field serializable within a transaction",
                )?;
                range.operation()
            }
            (None, Some(put), None) => put.operation(),
            (None, None, Some(delete)) => delete.operation(),
            // The words of etcd.
            (None, None, None) => Err(Problem::invalid("etcdserver: key not found")),
            _ => Err(Problem::invalid("an operation of a transaction is one, not several")),
        }
    }
}

impl WrittenTxn {
    fn request(self) -> Result<Asked, Problem> {
        let compare = self.compare.unwrap_or_default();
        let (success, failure) =
            (self.success.unwrap_or_default(), self.failure.unwrap_or_default());
        if [compare.len(), success.len(), failure.len()].iter().any(|it| *it > OPERATIONS_MAX) {
            return Err(Problem::invalid("etcdserver: too many operations in txn request"));
        }
        let all = |operations: Vec<WrittenOperation>| {
            let all = operations.into_iter().map(WrittenOperation::operation);
            all.collect::<Result<Vec<_>, _>>().and_then(disjoint)
        };
        let compare = compare.into_iter().map(WrittenCompare::compare).collect::<Result<_, _>>()?;
        let txn = Txn { compare, success: all(success)?, failure: all(failure)? };
        Ok(Asked { request: Request::Txn(txn), serializable: false })
    }
}

/// Refuses operations of which two write to one key. Two may remove it.
fn disjoint(operations: Vec<Operation>) -> Result<Vec<Operation>, Problem> {
    let put = |operation: &'_ Operation| match operation {
        Operation::Put { key, .. } => Some(key.clone()),
        _ => None,
    };
    let puts: Vec<Text> = operations.iter().filter_map(put).collect();
    let is_twice = |key: &Text| puts.iter().filter(|other| *other == key).count() > 1;
    let is_removed = |key: &Text| {
        operations.iter().any(|operation| match operation {
            Operation::Delete { keys, .. } => keys.contains(key),
            _ => false,
        })
    };
    if puts.iter().any(|key| is_twice(key) || is_removed(key)) {
        return Err(Problem::invalid("etcdserver: duplicate key given in txn request"));
    }
    Ok(operations)
}
