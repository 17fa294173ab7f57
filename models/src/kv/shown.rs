//! How a command is shown.

use std::fmt;

use super::Command;

/// As a client writes it: a log is read entry by entry.
impl<B: fmt::Debug> fmt::Debug for Command<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = |exists: bool| if exists { "present" } else { "absent" };
        match self {
            Command::Put { key, value } => write!(f, "put {key:?}={value:?}"),
            Command::Get { key } => write!(f, "get {key:?}"),
            Command::Cas { key, old, new } => write!(f, "cas {key:?}={old:?}→{new:?}"),
            Command::Delete { key } => write!(f, "delete {key:?}"),
            Command::PutIf { key, value, exists } => {
                write!(f, "put {key:?}={value:?} if {}", when(*exists))
            }
            Command::Exchange { key, value, exists } => {
                write!(f, "exchange {key:?}={value:?}")?;
                exists.map_or(Ok(()), |exists| write!(f, " if {}", when(exists)))
            }
            Command::DeleteAll { keys } => write!(f, "delete {keys:?}"),
            Command::GetAll { keys } => write!(f, "get {keys:?}"),
            Command::Count { keys } => write!(f, "count {keys:?}"),
            Command::Length { key } => write!(f, "length {key:?}"),
            Command::Add { key, by } => write!(f, "add {key:?}+{by}"),
            Command::Append { key, value } => write!(f, "append {key:?}+{value:?}"),
            Command::PutAll { pairs, if_absent } => {
                write!(f, "put {pairs:?}")?;
                if *if_absent { write!(f, " if {}", when(false)) } else { Ok(()) }
            }
            Command::Batch(batch) => write!(f, "{batch:?}"),
            Command::Etcd(request) => write!(f, "{request:?}"),
        }
    }
}
