//! The Raft log against a naive one, its records against the storage they stand for, and the codec
//! of every message.

mod codec;
mod naive;
mod records;
