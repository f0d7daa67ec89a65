//! Where the blocks of a file begin, thinned out so that it stays small whatever the file's size.

/// Blocks that are remembered.
const BLOCKS_MAX: usize = 4096;

/// Where every n-th block begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// (offset of its first record, byte at which it begins), in order.
    blocks: Vec<(u64, u64)>,
    /// Every how manyeth block is remembered.
    stride: u64,
    /// Blocks that were seen.
    seen: u64,
    /// Bytes of the file when it was opened.
    pub(super) len: u64,
    /// The file's sync marker: another one is another file.
    pub(super) marker: [u8; 16],
}

impl Index {
    pub(super) fn new(len: u64, marker: [u8; 16]) -> Self {
        Self {
            blocks: Vec::new(),
            stride: 1,
            seen: 0,
            len,
            marker,
        }
    }

    /// Remembers the next block of the file, or not.
    pub(super) fn push(&mut self, record: u64, byte: u64) {
        if self.seen.is_multiple_of(self.stride) {
            if self.blocks.len() == BLOCKS_MAX {
                let mut keep = false;
                self.blocks.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.blocks.push((record, byte));
            }
        }
        self.seen += 1;
    }

    /// The last remembered block that begins at or before a record.
    pub(super) fn before(&self, record: u64) -> Option<(u64, u64)> {
        let after = self.blocks.partition_point(|(first, _)| *first <= record);
        after.checked_sub(1).map(|i| self.blocks[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_small_and_in_order() {
        let mut index = Index::new(0, [0; 16]);
        for block in 0..100_000_u64 {
            index.push(block * 10, block * 1000);
            assert!(index.blocks.len() <= BLOCKS_MAX);
        }
        assert_eq!(index.stride, 32);
        for record in [0, 9, 319, 320, 500_000, 999_999] {
            let (first, byte) = index.before(record).unwrap();
            assert_eq!((first, byte), (record / 320 * 320, record / 320 * 32_000));
        }
    }
}
