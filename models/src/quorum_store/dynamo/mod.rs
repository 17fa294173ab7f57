//! Dynamo.

pub mod version;
