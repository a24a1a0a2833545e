//! Classes of eight bytes at a time in a 64-bit word.
//!
//! Words in Go are a few bytes long and their lengths vary without pattern, so a loop over single
//! bytes pays a mispredicted branch at each end; this finds the end without a branch.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The bits above each byte's place that are set where the byte, below 0x80, is at least `min`.
#[inline(always)]
fn at_least(bytes: u64, min: u8) -> u64 {
    bytes + LOW * (0x80 - min as u64)
}

/// How many of the first bytes are ASCII letters, digits or `_`.
#[inline(always)]
pub(super) fn n_word(chunk: [u8; 8]) -> usize {
    let bytes = u64::from_le_bytes(chunk);
    let ascii = bytes & !HIGH;
    let folded = ascii | (LOW * 0x20);
    let letter = at_least(folded, b'a') & !at_least(folded, b'z' + 1);
    let digit = at_least(ascii, b'0') & !at_least(ascii, b'9' + 1);
    let other = at_least(ascii ^ (LOW * b'_' as u64), 1);
    let word = (letter | digit | !other) & !bytes & HIGH;
    first_unset(word)
}

/// How many of the first bytes are blanks, tabs or carriage returns.
#[inline(always)]
pub(super) fn n_blank(chunk: [u8; 8]) -> usize {
    let bytes = u64::from_le_bytes(chunk);
    let other = other_than(bytes, b' ') & other_than(bytes, b'\t') & other_than(bytes, b'\r');
    first_unset(!(other | bytes) & HIGH)
}

/// How many of the first bytes are those or newlines.
#[inline(always)]
pub(super) fn n_space(chunk: [u8; 8]) -> usize {
    let bytes = u64::from_le_bytes(chunk);
    let other = other_than(bytes, b' ') & other_than(bytes, b'\t') & other_than(bytes, b'\r');
    let other = other & other_than(bytes, b'\n');
    first_unset(!(other | bytes) & HIGH)
}

/// The bits above each byte's place that are set where the lower bits of the byte are not `wanted`.
#[inline(always)]
fn other_than(bytes: u64, wanted: u8) -> u64 {
    at_least((bytes & !HIGH) ^ (LOW * wanted as u64), 1)
}

/// Index of the first byte whose high bit is not set in `mask`, 8 if all are.
#[inline(always)]
fn first_unset(mask: u64) -> usize {
    ((mask ^ HIGH).trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_in_every_place() {
        for byte in 0..=255_u8 {
            let word = byte.is_ascii_alphanumeric() || byte == b'_';
            for place in 0..8 {
                let mut chunk = *b"aZ09_zAx";
                chunk[place] = byte;
                assert_eq!(n_word(chunk), if word { 8 } else { place }, "{byte} at {place}");
                let mut chunk = *b" \t\r  \t\t ";
                chunk[place] = byte;
                let blank = matches!(byte, b' ' | b'\t' | b'\r');
                assert_eq!(n_blank(chunk), if blank { 8 } else { place }, "{byte} at {place}");
                let space = blank || byte == b'\n';
                assert_eq!(n_space(chunk), if space { 8 } else { place }, "{byte} at {place}");
            }
        }
    }
}
