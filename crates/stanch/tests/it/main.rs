//! End-to-end tests of the binary.

mod bad_input;
mod cache;
mod cli;
mod common;
mod examples;
mod readme;
