//! What is in flight to one actor: numbers of envelopes, in an order that depends on the network.

use stateright::actor::Id;

/// From whom and to whom.
pub(super) type Flow = (Id, Id);

/// What order and number mean in an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// A message is there or not: ascending numbers.
    Set,
    /// A message is there any number of times: ascending numbers, some of them repeated.
    Bag,
    /// Messages of one flow queue up: flow by flow, each in the order of sending.
    Queues,
}

impl Order {
    /// `inbox` with `parcel` added.
    pub fn add(self, inbox: &[u32], parcel: &[u32], flow: impl Fn(u32) -> Flow) -> Vec<u32> {
        let mut all = Vec::with_capacity(inbox.len() + parcel.len());
        all.extend_from_slice(inbox);
        for envelope in parcel {
            let place = match self {
                Order::Set => match all.binary_search(envelope) {
                    Ok(_) => continue,
                    Err(place) => place,
                },
                Order::Bag => all.partition_point(|it| it < envelope),
                Order::Queues => {
                    let own = flow(*envelope);
                    all.partition_point(|it| flow(*it) <= own)
                }
            };
            all.insert(place, *envelope);
        }
        all
    }

    /// `inbox` with one `envelope` less: of its flow the first.
    pub fn remove(self, inbox: &[u32], envelope: u32) -> Vec<u32> {
        let mut left = inbox.to_vec();
        if let Some(place) = left.iter().position(|it| *it == envelope) {
            left.remove(place);
        }
        left
    }

    /// What may arrive next, each message once.
    pub fn deliverable(self, inbox: &[u32], flow: impl Fn(u32) -> Flow) -> Vec<u32> {
        let mut heads = inbox.to_vec();
        match self {
            Order::Set => {}
            Order::Bag => heads.dedup(),
            Order::Queues => heads.dedup_by_key(|envelope| flow(*envelope)),
        }
        heads
    }

    /// What one step sends to one actor, in a form that depends on nothing else.
    pub fn parcel(self, mut sent: Vec<u32>) -> Vec<u32> {
        match self {
            Order::Set => {
                sent.sort_unstable();
                sent.dedup();
            }
            Order::Bag => sent.sort_unstable(),
            Order::Queues => {}
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn each_order_adds_and_removes_in_its_own_way() {
        // Numbers of one decade are one flow.
        let flow = |number: u32| (0.into(), (number as usize / 10).into());
        assert_eq!(Order::Set.add(&[1, 3], &[2, 3], flow), [1, 2, 3]);
        assert_eq!(Order::Bag.add(&[1, 3], &[2, 3], flow), [1, 2, 3, 3]);
        assert_eq!(Order::Queues.add(&[13, 21], &[12, 5, 20], flow), [5, 13, 12, 21, 20]);
        assert_eq!(Order::Bag.deliverable(&[1, 2, 2], flow), [1, 2]);
        assert_eq!(Order::Queues.deliverable(&[13, 12, 21], flow), [13, 21]);
        assert_eq!(Order::Queues.remove(&[13, 12, 13], 13), [12, 13]);
    }
}
