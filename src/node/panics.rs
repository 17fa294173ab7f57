//! Panics that are caught: of an actor's handler, which then stops its node in an orderly way, and
//! of the database on a file that it did not write.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// How many calls of [`caught_silently`] this thread is in.
    static SILENT: Cell<u32> = const { Cell::new(0) };
}

/// What `work` returns, or the words with which it panicked. Whatever it was changing is then half
/// changed, and not to be used.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(&*panic))
}

/// As [`caught`], and nothing appears on stderr: for a panic that says more to whoever wrote the
/// code than to whoever reads the error that comes of it. `None` if it panicked.
pub(super) fn caught_silently<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if SILENT.get() == 0 {
                loud(panic);
            }
        }));
    });
    SILENT.set(SILENT.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    SILENT.set(SILENT.get() - 1);
    outcome.ok()
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".into())
}

#[cfg(test)]
mod tests {
    use std::panic;
    use std::sync::{Arc, Mutex};

    use super::{caught, caught_silently};

    #[test]
    fn a_silent_panic_is_not_told_and_others_are() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (record, before) = (told.clone(), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            record.lock().unwrap().push(panic.to_string());
            before(panic);
        }));
        assert_eq!(caught_silently(|| -> u8 { panic!("unheard") }), None);
        assert_eq!(caught_silently(|| 3), Some(3));
        assert!(caught(|| -> u8 { panic!("heard") }).is_err());
        let told = told.lock().unwrap().concat();
        assert!(told.contains("heard") && !told.contains("unheard"), "{told}");
    }

    #[test]
    fn the_words_of_a_panic_are_kept() {
        assert_eq!(caught(|| 3), Ok(3));
        assert_eq!(caught(|| -> u8 { panic!("plain") }), Err("plain".into()));
        let number = 7;
        assert_eq!(caught(|| -> u8 { panic!("with {number}") }), Err("with 7".into()));
        assert_eq!(caught(|| std::panic::panic_any(3_u8)), Err("a panic without words".into()));
    }
}
