//! Panics that are caught: of an actor's handler, which then stops its node in an orderly way.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` returns, or the words with which it panicked. Whatever it was changing is then half
/// changed, and not to be used.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".into())
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn the_words_of_a_panic_are_kept() {
        assert_eq!(caught(|| 3), Ok(3));
        assert_eq!(caught(|| -> u8 { panic!("plain") }), Err("plain".into()));
        let number = 7;
        assert_eq!(caught(|| -> u8 { panic!("with {number}") }), Err("with 7".into()));
        assert_eq!(caught(|| std::panic::panic_any(3_u8)), Err("a panic without words".into()));
    }
}
