//! What is said to etcd over gRPC, of `etcdserverpb`: the messages with the fields that are used
//! here.

use std::time::Duration;

use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, Message)]
struct PutRequest {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct PutResponse {}

/// It asks for a linearizable read unless it says otherwise.
#[derive(Clone, PartialEq, Message)]
struct RangeRequest {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RangeResponse {
    #[prost(message, repeated, tag = "2")]
    kvs: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(bytes = "vec", tag = "5")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct StatusRequest {}

#[derive(Clone, PartialEq, Message)]
struct StatusResponse {
    #[prost(message, optional, tag = "1")]
    header: Option<ResponseHeader>,
    #[prost(uint64, tag = "4")]
    leader: u64,
}

#[derive(Clone, PartialEq, Message)]
struct ResponseHeader {
    #[prost(uint64, tag = "2")]
    member_id: u64,
}

/// Asks over a connection that others may ask over at the same time.
#[derive(Clone, Debug)]
pub struct Asker {
    channel: Channel,
    timeout: Duration,
}

impl Asker {
    /// Asks over `channel`, and gives a request up after `timeout`.
    pub fn new(channel: Channel, timeout: Duration) -> Self {
        Asker { channel, timeout }
    }

    /// Has `key` hold `value`.
    pub async fn put(&self, key: &str, value: String) -> Result<(), String> {
        let put = PutRequest { key: key.into(), value: value.into() };
        self.ask::<_, PutResponse>("/etcdserverpb.KV/Put", put).await.map(drop)
    }

    /// What `key` holds, by a linearizable read.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let range = RangeRequest { key: key.into() };
        let found = self.ask::<_, RangeResponse>("/etcdserverpb.KV/Range", range).await?;
        Ok(found.kvs.into_iter().next().map(|found| found.value))
    }

    /// Whether the member that is asked leads; `None` if it knows of no leader.
    pub async fn leads(&self) -> Result<Option<bool>, String> {
        let path = "/etcdserverpb.Maintenance/Status";
        let status: StatusResponse = self.ask(path, StatusRequest {}).await?;
        let own = status.header.map(|header| header.member_id);
        Ok((status.leader != 0).then_some(own == Some(status.leader)))
    }

    async fn ask<Q, A>(&self, path: &'static str, question: Q) -> Result<A, String>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = Grpc::new(self.channel.clone());
        let answer = async {
            grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let (path, codec) = (PathAndQuery::from_static(path), ProstCodec::default());
            grpc.unary(Request::new(question), path, codec).await
        };
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(format!("{:?}: {}", status.code(), status.message())),
            Err(_) => Err(format!("no answer within {:?}", self.timeout)),
        }
    }
}
