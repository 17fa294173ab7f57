//! Two ways to write down a history, and what the search wants to know of either.

use std::collections::BTreeMap;

/// A set of operations, numbered from 0, with the real-time order between them.
pub trait History {
    /// What a client asks for.
    type Input;
    /// What a client is answered.
    type Output;

    /// How many operations there are.
    fn len(&self) -> usize;

    /// Whether there is no operation at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What operation `op` asked for.
    fn input(&self, op: usize) -> &Self::Input;

    /// What operation `op` was answered; `None` when its outcome is unknown.
    fn output(&self, op: usize) -> Option<&Self::Output>;

    /// Calls `visit` with operations that had returned before `op` was invoked: at least with
    /// those from which all the others follow by transitivity. An operation of unknown outcome
    /// has never returned, so it is never among them.
    fn predecessors(&self, op: usize, visit: impl FnMut(usize));
}

/// A recorded history: when each operation was invoked and when it returned.
///
/// Positions are numbers that grow with time: places in a log, or times. An operation precedes
/// another if its return lies strictly before the other's invocation; equal positions make no
/// order, which is the cautious reading of two equal times.
#[derive(Clone, Debug)]
pub struct Intervals<I, O> {
    operations: Vec<Interval<I, O>>,
    /// The operations that returned, sorted by return position.
    returns: Vec<Return>,
    clock: u64,
}

#[derive(Clone, Debug)]
struct Interval<I, O> {
    input: I,
    output: Option<O>,
    invoked: u64,
}

#[derive(Clone, Debug)]
struct Return {
    position: u64,
    operation: usize,
    /// The latest invocation among this operation and all that returned before it.
    latest_invocation: u64,
}

impl<I, O> Default for Intervals<I, O> {
    fn default() -> Self {
        Self { operations: Vec::new(), returns: Vec::new(), clock: 0 }
    }
}

impl<I, O> Intervals<I, O> {
    /// Records that an operation is invoked now, after all that was recorded before. Returns its
    /// number. Without a [`respond`](Self::respond) its outcome is unknown.
    pub fn invoke(&mut self, input: I) -> usize {
        self.push(self.clock + 1, input, None)
    }

    /// Records that operation `op` returns now, after all that was recorded before.
    pub fn respond(&mut self, op: usize, output: O) {
        assert!(self.operations[op].output.is_none(), "operation {op} has returned before");
        self.operations[op].output = Some(output);
        self.add_return(op, self.clock + 1);
    }

    /// Adds an operation with explicit positions, in any order, and returns its number. `returned`
    /// is the position and the value of the answer.
    pub fn push(&mut self, invoked: u64, input: I, returned: Option<(u64, O)>) -> usize {
        let op = self.operations.len();
        self.clock = self.clock.max(invoked);
        let (position, output) = returned.unzip();
        self.operations.push(Interval { input, output, invoked });
        if let Some(position) = position {
            self.add_return(op, position);
        }
        op
    }

    /// Splits the history by a key, such as the key of a store that an operation is about. Within
    /// a part, operations are numbered anew, in the order of their numbers here.
    pub fn partition<K: Ord>(self, key: impl Fn(&I) -> K) -> BTreeMap<K, Self> {
        let mut returned = BTreeMap::new();
        for entry in &self.returns {
            returned.insert(entry.operation, entry.position);
        }
        let mut parts = BTreeMap::<K, Self>::new();
        for (op, Interval { input, output, invoked }) in self.operations.into_iter().enumerate() {
            let part = parts.entry(key(&input)).or_default();
            part.push(invoked, input, output.map(|output| (returned[&op], output)));
        }
        parts
    }

    fn add_return(&mut self, operation: usize, position: u64) {
        let invoked = self.operations[operation].invoked;
        assert!(position >= invoked, "operation {operation} returns before it is invoked");
        self.clock = self.clock.max(position);
        let place = self.returns.partition_point(|entry| entry.position <= position);
        let before = place.checked_sub(1).map_or(0, |i| self.returns[i].latest_invocation);
        let latest_invocation = before.max(invoked);
        self.returns.insert(place, Return { position, operation, latest_invocation });
        // Nearly always there is nothing behind, as logs are read in their order.
        for entry in &mut self.returns[place + 1..] {
            entry.latest_invocation = entry.latest_invocation.max(invoked);
        }
    }
}

impl<I, O> History for Intervals<I, O> {
    type Input = I;
    type Output = O;

    fn len(&self) -> usize {
        self.operations.len()
    }

    fn input(&self, op: usize) -> &I {
        &self.operations[op].input
    }

    fn output(&self, op: usize) -> Option<&O> {
        self.operations[op].output.as_ref()
    }

    fn predecessors(&self, op: usize, mut visit: impl FnMut(usize)) {
        let invoked = self.operations[op].invoked;
        let over = self.returns.partition_point(|entry| entry.position < invoked);
        let Some(last) = over.checked_sub(1) else {
            return;
        };
        // Whatever returned before the latest invocation among the predecessors precedes that
        // one, and so follows by transitivity.
        let latest = self.returns[last].latest_invocation;
        for entry in self.returns[..over].iter().rev() {
            if entry.position < latest {
                break;
            }
            visit(entry.operation);
        }
    }
}

/// The history of sequential clients as a model can keep it, without a clock: every operation
/// knows how many operations of every other client were over when it was invoked.
///
/// Written client by client: [`client`](Self::client), then its operations in their order. It
/// borrows inputs and outputs, as it is built anew for every state of a model.
#[derive(Clone, Debug)]
pub struct Precedence<'a, I, O> {
    operations: Vec<Kept<'a, I, O>>,
    /// For every client the number of its first operation.
    starts: Vec<usize>,
    /// The counts of all operations, one operation's after the other's.
    over: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Kept<'a, I, O> {
    client: usize,
    input: &'a I,
    output: Option<&'a O>,
    /// Where its counts begin.
    over_start: usize,
}

impl<I, O> Default for Precedence<'_, I, O> {
    fn default() -> Self {
        Self { operations: Vec::new(), starts: Vec::new(), over: Vec::new() }
    }
}

impl<'a, I, O> Precedence<'a, I, O> {
    /// Begins the next client. The first is client 0.
    pub fn client(&mut self) {
        self.starts.push(self.operations.len());
    }

    /// Adds the next operation of the client begun last; there must be one.
    ///
    /// `over` holds for client 0, 1, ... how many of its operations were over when this one was
    /// invoked: they had returned or, if the client does not wait for ever, were given up. What was
    /// given up has no output and precedes nothing. The client's own count is not looked at, and
    /// counts left out at the end are 0.
    pub fn operation(
        &mut self,
        input: &'a I,
        output: Option<&'a O>,
        over: impl IntoIterator<Item = usize>,
    ) {
        assert!(!self.starts.is_empty(), "an operation belongs to a client");
        let client = self.starts.len() - 1;
        let over_start = self.over.len();
        self.operations.push(Kept { client, input, output, over_start });
        self.over.extend(over);
    }

    fn operations_of(&self, client: usize) -> std::ops::Range<usize> {
        let end = self.starts.get(client + 1).copied().unwrap_or(self.operations.len());
        self.starts[client]..end
    }
}

impl<I, O> History for Precedence<'_, I, O> {
    type Input = I;
    type Output = O;

    fn len(&self) -> usize {
        self.operations.len()
    }

    fn input(&self, op: usize) -> &I {
        self.operations[op].input
    }

    fn output(&self, op: usize) -> Option<&O> {
        self.operations[op].output
    }

    fn predecessors(&self, op: usize, mut visit: impl FnMut(usize)) {
        let kept = &self.operations[op];
        let next = self.operations.get(op + 1);
        let counts_end = next.map_or(self.over.len(), |next| next.over_start);
        let counts = &self.over[kept.over_start..counts_end];
        for client in 0..self.starts.len() {
            let range = self.operations_of(client);
            let end = if client == kept.client {
                op
            } else {
                let count = counts.get(client).copied().unwrap_or(0);
                assert!(count <= range.len(), "client {client} has no {count} operations");
                range.start + count
            };
            // The last one that returned has all earlier ones of its client before it.
            if let Some(last) = (range.start..end).rev().find(|&op| self.output(op).is_some()) {
                visit(last);
            }
        }
    }
}
