//! Lexer, error-tolerant parser and arena syntax tree of Go up to 1.27.

pub mod ast;
