//! The eight puzzle: how many positions there are at which distance is known (OEIS A089473).

use serde::{Deserialize, Serialize};
use stateright::{Model, Property};

use crate::compare_with_stateright;

/// By distance from the position with the blank in a corner, how many positions there are.
const KNOWN: [u64; 32] = [
    1, 2, 4, 8, 16, 20, 39, 62, 116, 152, 286, 396, 748, 1024, 1893, 2512, 4485, 5638, 9529, 10878,
    16993, 17110, 23952, 20224, 24047, 15578, 14560, 6274, 3910, 760, 221, 2,
];

#[derive(Clone, Debug)]
struct Puzzle;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Board([u8; 9]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slide {
    Up,
    Down,
    Left,
    Right,
}

impl Model for Puzzle {
    type State = Board;
    type Action = Slide;

    fn init_states(&self) -> Vec<Board> {
        vec![Board([0, 1, 2, 3, 4, 5, 6, 7, 8])]
    }

    fn actions(&self, _: &Board, slides: &mut Vec<Slide>) {
        slides.extend([Slide::Up, Slide::Down, Slide::Left, Slide::Right]);
    }

    fn next_state(&self, board: &Board, slide: Slide) -> Option<Board> {
        let blank = board.0.iter().position(|tile| *tile == 0).expect("a blank");
        let from = match slide {
            Slide::Up if blank < 6 => blank + 3,
            Slide::Down if blank > 2 => blank - 3,
            Slide::Left if blank % 3 < 2 => blank + 1,
            Slide::Right if blank % 3 > 0 => blank - 1,
            _ => return None,
        };
        let mut next = *board;
        next.0.swap(blank, from);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("one blank", |_, board| {
                board.0.iter().filter(|tile| **tile == 0).count() == 1
            }),
            // One of the two that are farthest away.
            Property::<Self>::sometimes("farthest", |_, board| {
                board.0 == [8, 0, 6, 5, 4, 7, 2, 3, 1] || board.0 == [8, 7, 6, 0, 4, 1, 2, 5, 3]
            }),
            Property::<Self>::sometimes("two swapped", |_, board| {
                board.0 == [0, 2, 1, 3, 4, 5, 6, 7, 8]
            }),
        ]
    }
}

#[test]
fn the_eight_puzzle_has_as_many_positions_at_each_distance_as_is_known() {
    let outcome = compare_with_stateright(Puzzle);
    assert_eq!((outcome.states, &outcome.levels[..]), (181_440, &KNOWN[..]));
    assert!(outcome.finding("two swapped").answer.is_failure(), "an odd permutation");
}
