//! Commands that wait for `EXEC`, and go to the cluster as one then.

use quorate_models::kv::{BATCH_MAX, Single};

use super::{Connection, FULL};
use crate::redis::LIMITS;
use crate::redis::batch::Batch;
use crate::redis::command::{Action, Here, Problem, Turn};
use crate::redis::desk::Desk;
use crate::redis::reply::{self, Shape, Tested};

/// What has come since `MULTI`.
pub(super) struct Transaction {
    batch: Batch,
    /// How many answers it will have.
    answers: usize,
    /// Something could not be queued, so nothing is to be done.
    failed: bool,
}

/// The bytes of a word.
fn word(word: &str) -> Vec<u8> {
    let mut said = Vec::new();
    reply::simple(&mut said, word);
    said
}

impl Connection {
    /// How many bytes wait for `EXEC`.
    pub(super) fn queued(&self) -> usize {
        self.transaction.as_ref().map_or(0, |transaction| transaction.batch.held())
    }

    /// Begins a transaction. There is none.
    ///
    /// # Errors
    /// If it is to end.
    pub(super) fn turn(&mut self, turn: Turn) -> Result<Vec<u8>, Problem> {
        match turn {
            Turn::Multi => {
                let batch = Batch::transaction();
                self.transaction = Some(Transaction { batch, answers: 0, failed: false });
                Ok(word("OK"))
            }
            Turn::Exec => Err("ERR EXEC without MULTI".into()),
            Turn::Discard => Err("ERR DISCARD without MULTI".into()),
        }
    }

    /// Queues what was read, or ends the transaction that there is. Returns what is to be said.
    ///
    /// # Errors
    /// What is to be answered if that cannot be done; the transaction cannot take effect then.
    pub(super) fn queue(
        &mut self,
        read: Result<Action, Problem>,
        desk: &mut Desk,
    ) -> Result<Vec<u8>, Problem> {
        match read {
            Ok(Action::Turn(Turn::Multi)) => Err("ERR MULTI calls can not be nested".into()),
            Ok(Action::Turn(Turn::Discard)) => {
                self.transaction = None;
                Ok(word("OK"))
            }
            Ok(Action::Turn(Turn::Exec)) => self.exec(),
            Ok(Action::Here(here @ (Here::Quit | Here::Reset))) => self.do_here(here, desk),
            other => {
                let queued = other.and_then(|action| match action {
                    Action::Ask(command, tested) => self.put(command, tested, desk),
                    Action::Here(here) => self.put_here(here, desk),
                    Action::Turn(_) => Ok(()),
                });
                if let (Err(_), Some(transaction)) = (&queued, &mut self.transaction) {
                    transaction.failed = true;
                }
                queued.map(|()| word("QUEUED"))
            }
        }
    }

    fn put(&mut self, command: Single, tested: Tested, desk: &Desk) -> Result<(), Problem> {
        let shape = Shape { tested, only_reads: command.only_reads(), version: self.version };
        self.room(Batch::cost(&command), desk)?.batch.ask(command, shape);
        Ok(())
    }

    /// What needs no cluster is answered at once, and said with the rest.
    fn put_here(&mut self, here: Here, desk: &mut Desk) -> Result<(), Problem> {
        if matches!(here, Here::Auth(_) | Here::Hello { .. } | Here::SetName(_)) {
            return Err("ERR that is not allowed in a transaction".into());
        }
        let said = self.do_here(here, desk)?;
        self.room(said.len(), desk)?.batch.say(&said);
        Ok(())
    }

    /// The transaction, in which there is room for one more of so many bytes.
    fn room(&mut self, bytes: usize, desk: &Desk) -> Result<&mut Transaction, Problem> {
        let transaction = self.transaction.as_mut().ok_or("ERR there is no transaction")?;
        if transaction.answers >= BATCH_MAX || transaction.batch.held() + bytes > LIMITS.bytes {
            let most = LIMITS.bytes;
            return Err(format!(
                "ERR a transaction has {BATCH_MAX} commands or {most} bytes at most"
            ));
        }
        if !desk.has_room(bytes) {
            return Err(FULL.into());
        }
        transaction.answers += 1;
        Ok(transaction)
    }

    /// Has the transaction asked. It says what it has to say itself, once it is answered.
    fn exec(&mut self) -> Result<Vec<u8>, Problem> {
        let Some(Transaction { mut batch, answers, failed }) = self.transaction.take() else {
            return Ok(Vec::new());
        };
        if failed {
            return Err("EXECABORT Transaction discarded because of previous errors.".into());
        }
        batch.exec(answers);
        self.after = Some(batch);
        Ok(Vec::new())
    }
}
