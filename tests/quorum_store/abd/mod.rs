//! The atomic register: it holds, and each of its rules is needed.

mod rules;
mod specs;
