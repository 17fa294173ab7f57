//! Storages without a file: one that records what is done to it, and one that starts from bytes.

use std::io;
use std::sync::{Arc, Mutex};

use quorate::node::storage::Backend;

/// One thing done to a disk.
#[derive(Clone, Debug)]
pub enum Operation {
    Write { offset: usize, data: Vec<u8> },
    Extend(usize),
    Sync,
}

/// A disk in memory, shared by its clones. It remembers all that was done to it.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    bytes: Vec<u8>,
    operations: Vec<Operation>,
    /// From this many operations on, everything fails.
    fails_from: Option<usize>,
}

impl Disk {
    pub fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Platter { bytes, ..Platter::default() })))
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }

    pub fn operations(&self) -> Vec<Operation> {
        self.0.lock().unwrap().operations.clone()
    }

    /// Lets the disk fail for good after `more` further operations.
    pub fn fail_after(&self, more: usize) {
        let mut platter = self.0.lock().unwrap();
        platter.fails_from = Some(platter.operations.len() + more);
    }

    /// Lets a broken disk work again.
    pub fn mend(&self) {
        self.0.lock().unwrap().fails_from = None;
    }

    fn perform(&self, operation: Operation) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        if platter.fails_from.is_some_and(|from| platter.operations.len() >= from) {
            return Err(io::Error::other("the disk is broken"));
        }
        operation.apply(&mut platter.bytes);
        platter.operations.push(operation);
        Ok(())
    }
}

impl Operation {
    pub fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => {
                let end = offset + data.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*offset..end].copy_from_slice(data);
            }
            Self::Extend(length) => bytes.resize(bytes.len().max(*length), 0),
            Self::Sync => {}
        }
    }
}

impl Backend for Disk {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let platter = self.0.lock().unwrap();
        let start = usize::try_from(at).map_err(io::Error::other)?;
        let end = start.checked_add(bytes.len()).ok_or(io::ErrorKind::InvalidInput)?;
        bytes.copy_from_slice(platter.bytes.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(at).unwrap();
        self.perform(Operation::Write { offset, data: bytes.to_vec() })
    }

    fn extend(&self, length: u64) -> io::Result<()> {
        self.perform(Operation::Extend(usize::try_from(length).unwrap()))
    }

    fn sync(&self) -> io::Result<()> {
        self.perform(Operation::Sync)
    }
}
