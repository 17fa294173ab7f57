//! A generator of load: sessions that each ask for one thing at a time, and a record of how they
//! were answered. `quorate bench` is made of it, and so is the package `benches/peers`.

pub mod etcd;
pub mod front;
pub mod load;
pub mod record;
pub mod redis;
pub mod session;
pub mod tcp;
pub mod workload;
