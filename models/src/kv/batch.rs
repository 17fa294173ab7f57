//! Several commands in one: they are carried out one after the other, and nothing of anybody else
//! comes between them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Command, Kv, Output, READ_MAX, Refused};

/// A batch has none in it, so nobody can have a decoder go deeper and deeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Never {}

/// A command that is no batch.
pub type Single = Command<Never>;

/// What such a one returns.
pub type SingleOutput = Output<Never>;

/// How many bytes of values the answer of a batch holds that changes anything and may end early:
/// 64 KiB. Each server remembers it for the client's session.
const REMEMBERED_MAX: usize = 64 << 10;

/// How many commands a batch has at most: 16,384. Who takes commands from users holds them to it.
pub const BATCH_MAX: usize = 16_384;

/// Beside its value, so many bytes of an answer count.
const FRAME: usize = 8;

/// Commands, and what is done if their answers are too long for one message: more than
/// [`READ_MAX`], or 64 KiB if one of them changes anything and not all are wanted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Batch {
    /// In the order in which they are carried out.
    pub commands: Vec<Single>,
    /// Each of them is carried out or refused by itself, with [`Refused::TooLong`]. Else the batch
    /// ends before the first whose answer has no room, and its first command always has.
    pub whole: bool,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.whole { "all of " } else { "in turn " })?;
        f.debug_list().entries(&self.commands).finish()
    }
}

/// What may stand in a command in place of a batch.
pub trait Nested {
    /// What is returned.
    type Outputs;

    /// Carries it out.
    fn apply(&self, kv: &mut Kv) -> Self::Outputs;

    /// The same, if it only reads.
    fn read(&self, kv: &Kv) -> Self::Outputs;

    /// True if it changes nothing whatever the state.
    fn only_reads(&self) -> bool;

    /// Its size in bytes, roughly.
    fn weight(&self) -> usize;
}

impl Nested for Never {
    type Outputs = Never;

    fn apply(&self, _: &mut Kv) -> Never {
        *self
    }

    fn read(&self, _: &Kv) -> Never {
        *self
    }

    fn only_reads(&self) -> bool {
        match *self {}
    }

    fn weight(&self) -> usize {
        match *self {}
    }
}

impl Nested for Batch {
    type Outputs = Vec<SingleOutput>;

    fn apply(&self, kv: &mut Kv) -> Vec<SingleOutput> {
        self.each(|command, room| {
            let size = answered(kv, command);
            (size <= room).then(|| (size, kv.execute(command)))
        })
    }

    fn read(&self, kv: &Kv) -> Vec<SingleOutput> {
        self.each(|command, room| {
            let size = answered(kv, command);
            (size <= room).then(|| (size, kv.observe(command)))
        })
    }

    fn only_reads(&self) -> bool {
        self.commands.iter().all(Command::only_reads)
    }

    fn weight(&self) -> usize {
        self.commands.iter().map(|command| command.weight() + 3).sum()
    }
}

impl Batch {
    /// Has `one` carry out the commands, each if its answer has no more bytes than there is room
    /// for; it says how many there are then, and returns the answer.
    fn each(
        &self,
        mut one: impl FnMut(&Single, usize) -> Option<(usize, SingleOutput)>,
    ) -> Vec<SingleOutput> {
        let is_forgotten = self.whole || self.only_reads();
        let mut room = if is_forgotten { READ_MAX } else { REMEMBERED_MAX };
        let mut outputs = Vec::with_capacity(self.commands.len());
        for command in &self.commands {
            // The first one has a limit of its own.
            let within = if outputs.is_empty() { usize::MAX } else { room };
            match one(command, within) {
                Some((size, output)) => {
                    room = room.saturating_sub(size);
                    outputs.push(output);
                }
                None if self.whole => outputs.push(Output::Refused(Refused::TooLong)),
                None => break,
            }
        }
        outputs
    }
}

/// How many bytes the answer to `command` has at most, if `kv` is asked now; 0 if it holds no
/// value, so that what changes something is not refused for what was read before.
fn answered(kv: &Kv, command: &Single) -> usize {
    let held = |key| FRAME + kv.0.get(key).map_or(0, |value| value.len());
    match command {
        Command::Get { key } | Command::Exchange { key, .. } | Command::Cas { key, .. } => {
            held(key)
        }
        Command::GetAll { keys } => FRAME + keys.iter().map(held).sum::<usize>(),
        Command::Put { .. }
        | Command::Delete { .. }
        | Command::PutIf { .. }
        | Command::DeleteAll { .. }
        | Command::Count { .. }
        | Command::Length { .. }
        | Command::Add { .. }
        | Command::Append { .. }
        | Command::PutAll { .. } => 0,
        Command::Batch(never) => match *never {},
        // None is put into a batch. Its answer has a limit of its own.
        Command::Etcd(_) => READ_MAX,
    }
}

/// A command is one, whether it could stand in a batch or not.
impl From<Single> for Command {
    fn from(single: Single) -> Self {
        match single {
            Command::Put { key, value } => Command::Put { key, value },
            Command::Get { key } => Command::Get { key },
            Command::Cas { key, old, new } => Command::Cas { key, old, new },
            Command::Delete { key } => Command::Delete { key },
            Command::PutIf { key, value, exists } => Command::PutIf { key, value, exists },
            Command::Exchange { key, value, exists } => Command::Exchange { key, value, exists },
            Command::DeleteAll { keys } => Command::DeleteAll { keys },
            Command::GetAll { keys } => Command::GetAll { keys },
            Command::Count { keys } => Command::Count { keys },
            Command::Length { key } => Command::Length { key },
            Command::Add { key, by } => Command::Add { key, by },
            Command::Append { key, value } => Command::Append { key, value },
            Command::PutAll { pairs, if_absent } => Command::PutAll { pairs, if_absent },
            Command::Batch(never) => match never {},
            Command::Etcd(request) => Command::Etcd(request),
        }
    }
}
