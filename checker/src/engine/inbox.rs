//! What is in flight to one actor: numbers of envelopes, in an order that depends on the network.

/// What order and number mean in an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// A message is there or not: ascending numbers.
    Set,
}

impl Order {
    /// `inbox` with `parcel` added.
    pub fn add(self, inbox: &[u32], parcel: &[u32]) -> Vec<u32> {
        let mut all = Vec::with_capacity(inbox.len() + parcel.len());
        all.extend_from_slice(inbox);
        for envelope in parcel {
            if let Err(place) = all.binary_search(envelope) {
                all.insert(place, *envelope);
            }
        }
        all
    }

    /// What one step sends to one actor, in a form that depends on nothing else.
    pub fn parcel(self, mut sent: Vec<u32>) -> Vec<u32> {
        sent.sort_unstable();
        sent.dedup();
        sent
    }
}
