//! Lowering: text forms of small programs, symbols as the compiler spells them, and robustness.

mod common;
mod guarding;
mod linking;
mod sharing;
mod specs;
