//! Tokens of the text form.

use super::{ParseError, is_word};

/// A token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// A name in double quotes.
    Quoted(String),
    Int(i64),
    /// One or two characters.
    Sign(&'static str),
    /// End of line, or `;`.
    End,
}

/// Signs, longer ones first.
const SIGNS: [&str; 27] = [
    "->", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ":", "=", "<", ">", "+", "-",
    "*", "/", "%", "!", ".", "@", "$", "?", "'",
];

/// Splits a text into tokens with their lines.
pub(super) fn lex(text: &str) -> Result<Vec<(Token, u32)>, ParseError> {
    let mut tokens = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let number = n as u32 + 1;
        let mut rest = line.trim_start();
        while !rest.is_empty() && !rest.starts_with("//") {
            let (token, after) = next(rest).ok_or_else(|| ParseError {
                line: number,
                message: format!("cannot read `{rest}`"),
            })?;
            tokens.push((token, number));
            rest = after.trim_start();
        }
        tokens.push((Token::End, number));
    }
    Ok(tokens)
}

fn next(rest: &str) -> Option<(Token, &str)> {
    let first = rest.chars().next()?;
    if first == ';' {
        return Some((Token::End, &rest[1..]));
    }
    if first == '"' {
        let end = rest[1..].find('"')? + 1;
        return Some((Token::Quoted(rest[1..end].to_owned()), &rest[end + 1..]));
    }
    if first.is_ascii_digit() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        return Some((Token::Int(rest[..end].parse().ok()?), &rest[end..]));
    }
    if is_word(first) {
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        return Some((Token::Word(rest[..end].to_owned()), &rest[end..]));
    }
    let sign = SIGNS.iter().find(|s| rest.starts_with(**s))?;
    Some((Token::Sign(sign), &rest[sign.len()..]))
}
