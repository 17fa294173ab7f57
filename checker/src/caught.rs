//! Panics of the model's own code, as words.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What `call` returns, or the words with which it panicked. Nobody may look at what it has left
/// half done.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Arc<str>> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| words_of(&*panic))
}

/// The words of a panic, as far as it has any.
pub(crate) fn words_of(panic: &(dyn Any + Send)) -> Arc<str> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").into()
}
