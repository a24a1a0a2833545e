//! Random changes of a text, the same for the same numbers.

use stanch_syntax::tokens;
use std::ops::Range;

/// Random numbers (splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of one case; they do not depend on those of others.
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut random = Self(seed);
        random.0 = random.next().wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, 0 if that is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.next().checked_rem(n as u64).unwrap_or(0) as usize
    }
}

/// One to four changes.
pub(crate) fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        bytes = change(&bytes, random);
    }
    bytes
}

fn change(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let kind = random.below(9);
    match kind {
        0..=2 => parts(bytes, &token_ranges(bytes), kind, random),
        3..=5 => parts(bytes, &line_ranges(bytes), kind - 3, random),
        6 => bytes.get(..random.below(bytes.len())).unwrap_or_default().to_vec(),
        7 => {
            let mut bytes = bytes.to_vec();
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.below(256) as u8;
                }
            }
            bytes
        }
        _ => {
            // A token from elsewhere in place of another one.
            let ranges = token_ranges(bytes);
            let (from, to) = (pick(&ranges, random), pick(&ranges, random));
            let new = bytes.get(from).unwrap_or_default();
            replaced(bytes, to, new)
        }
    }
}

/// Deletes, doubles or swaps parts.
fn parts(bytes: &[u8], ranges: &[Range<usize>], kind: usize, random: &mut Random) -> Vec<u8> {
    let one = pick(ranges, random);
    match kind {
        0 => replaced(bytes, one, b""),
        1 => {
            let text = bytes.get(one.clone()).unwrap_or_default().to_vec();
            replaced(bytes, one.start..one.start, &text)
        }
        _ => {
            let other = pick(ranges, random);
            let (first, last) = if one.start <= other.start { (one, other) } else { (other, one) };
            if first.end > last.start {
                return bytes.to_vec();
            }
            let (a, b) = (bytes.get(first.clone()), bytes.get(last.clone()));
            let swapped = replaced(bytes, last, a.unwrap_or_default());
            replaced(&swapped, first, b.unwrap_or_default())
        }
    }
}

fn pick(ranges: &[Range<usize>], random: &mut Random) -> Range<usize> {
    ranges.get(random.below(ranges.len())).cloned().unwrap_or(0..0)
}

fn replaced(bytes: &[u8], range: Range<usize>, new: &[u8]) -> Vec<u8> {
    let mut out = bytes.get(..range.start).unwrap_or_default().to_vec();
    out.extend_from_slice(new);
    out.extend_from_slice(bytes.get(range.end..).unwrap_or_default());
    out
}

fn token_ranges(bytes: &[u8]) -> Vec<Range<usize>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let tokens = tokens(text).filter(|token| !token.automatic);
            tokens.map(|t| t.range.start as usize..t.range.end as usize).collect()
        }
        Err(_) => line_ranges(bytes),
    }
}

fn line_ranges(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    bytes
        .split_inclusive(|&b| b == b'\n')
        .map(|line| {
            start += line.len();
            start - line.len()..start
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"package a\n\nfunc f(x int) int {\n\treturn x + 1\n}\n";

    #[test]
    fn changes_are_the_same_for_the_same_numbers() {
        let all = |seed| -> Vec<Vec<u8>> {
            (0..200).map(|index| mutate(TEXT, &mut Random::new(seed, index))).collect()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        let changed = all(1).iter().filter(|text| *text != TEXT).count();
        assert!(changed > 180, "{changed}");
    }

    #[test]
    fn each_kind_of_part_is_deleted_doubled_and_swapped() {
        let ranges = [0..1, 2..3];
        let results: Vec<Vec<u8>> = (0..3)
            .flat_map(|kind| (0..20).map(move |i| (kind, i)))
            .map(|(kind, i)| parts(b"a b", &ranges, kind, &mut Random::new(3, i)))
            .collect();
        for wanted in [&b" b"[..], b"a ", b"aa b", b"a bb", b"b a"] {
            assert!(results.iter().any(|r| r == wanted), "{}", String::from_utf8_lossy(wanted));
        }
    }
}
