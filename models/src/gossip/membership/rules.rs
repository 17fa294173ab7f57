//! The rules of membership: each with one sentence and its source. A test suspends each in turn and
//! shows what it is needed for.
//!
//! Guards that are no rules, for nothing breaks without one of them, and why:
//!
//! - An answer to an earlier probe of the same member counts (`handle_ack`). The member lived when
//!   it sent that, and the next probe finds out what has become of it.
//! - A suspect is told of, not asked, until its time is up (`adopt`). It is probed in its turn, and
//!   an answer clears nothing: only a higher incarnation does.
//! - A relay keeps nothing (`handle_ping_req`). What the answer is for is in the messages.
//!
//! Of the sources, "SWIM" is Das, Gupta, Motivala, DSN 2002, and "Lifeguard" is Dadgar, Phillips,
//! Currey, arXiv 1707.00788.

use crate::rules::rules;

rules! {
    HigherIncarnationWins: "news of a higher incarnation replaces what is known of a lower one",
        "SWIM §4.2";
    WorseNewsWins: "of one incarnation dead replaces suspect, and suspect alive", "SWIM §4.2";
    OnlyOwnerRaises: "a member alone raises its own incarnation", "SWIM §4.2";
    SuspectRefutes: "who hears something worse of itself answers with a higher incarnation",
        "SWIM §4.2";
    SuspectHearsFirst: "each message tells its receiver what is known of it", "Lifeguard";
    IncarnationOutlivesCrash: "a start has a higher incarnation than all starts before", "quorate";
    SaveBeforeSend: "what a message tells is on disk before the message is sent", "quorate";
    SuspicionHasDeadline: "a suspicion becomes death when its time is up", "SWIM §4.2";
    DeadlineStands: "what is heard once more of a suspicion does not renew its deadline", "quorate";
    IndirectBeforeSuspect: "a member is suspected only if relays got no answer either",
        "SWIM §3.1";
    RoundRobinProbe: "in a round each member is probed once, in random order", "SWIM §4.3";
    RumoursAreTold: "what is heard of a member is told to others a few times", "SWIM §4.1";
    UnknownIsAdded: "whoever is said to live and is unknown becomes a member", "SWIM §4.1";
    DeadNotReadded: "an unknown member is not added because it is suspect or dead", "quorate";
    DeadIsForgottenLast: "a dead member stays listed until nobody takes it for living", "quorate";
    ContactsAreProbed: "a contact is probed even if it is dead, so that partitions heal", "quorate";
}
