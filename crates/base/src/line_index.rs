//! Byte offsets to lines and columns.

/// A position as people and FINDINGS.md write it: both from 1, the column in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineCol {
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

/// The line starts of one file.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`; lines end after `\n`.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        let newlines = text.bytes().enumerate().filter(|&(_, b)| b == b'\n');
        starts.extend(newlines.map(|(i, _)| i as u32 + 1));
        Self { starts }
    }

    /// Line and column of the byte at `offset`; an offset past the end counts on in the last line.
    pub fn line_col(&self, offset: u32) -> LineCol {
        let line = self.starts.partition_point(|&s| s <= offset) - 1;
        LineCol { line: line as u32 + 1, column: offset - self.starts[line] + 1 }
    }

    /// Offset of the first byte of `line` (from 1), if the file has that line.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// Number of lines; a file that ends in a newline has an empty last one.
    pub fn n_lines(&self) -> u32 {
        self.starts.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_bytes_from_one() {
        let index = LineIndex::new("a\nüb\n");
        assert_eq!(index.line_col(0), LineCol { line: 1, column: 1 });
        assert_eq!(index.line_col(4), LineCol { line: 2, column: 3 });
        assert_eq!(index.line_col(6), LineCol { line: 3, column: 1 });
        assert_eq!(index.line_start(2), Some(2));
        assert_eq!(index.line_start(9), None);
    }
}
