//! Words about members join: whoever has heard the same has come to the same, in whatever order and
//! however often.

use proptest::prelude::*;
use quorate_models::gossip::membership::word::{Status, Word};
use quorate_models::number::Incarnation;

fn word() -> impl Strategy<Value = Word> {
    let status = prop::sample::select(vec![Status::Alive, Status::Suspect, Status::Dead]);
    let word = |(number, status)| Word { incarnation: Incarnation(number), status };
    (0..4u64, status).prop_map(word)
}

proptest! {
    #[test]
    fn merge_is_a_join(a in word(), b in word(), c in word()) {
        prop_assert_eq!(a.merge(b), b.merge(a));
        prop_assert_eq!(a.merge(b).merge(c), a.merge(b.merge(c)));
        prop_assert_eq!(a.merge(a), a);
        prop_assert!(a.merge(b) == a || a.merge(b) == b, "nothing is made up");
    }

    /// As the table in SWIM §4.2 has it, but for death, which a higher incarnation beats here.
    #[test]
    fn what_wins_is_as_in_the_paper(known in word(), news in word()) {
        let (i, j) = (news.incarnation, known.incarnation);
        let wins = match (news.status, known.status) {
            (Status::Alive, _) => i > j,
            (Status::Suspect, Status::Alive) => i >= j,
            (Status::Suspect, Status::Suspect | Status::Dead) => i > j,
            (Status::Dead, Status::Alive | Status::Suspect) => i >= j,
            (Status::Dead, Status::Dead) => i > j,
        };
        prop_assert_eq!(known.merge(news) != known, wins);
    }
}
