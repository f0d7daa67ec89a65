//! Files for what does not fit in memory: a directory of its own, gone with it. Written once from begin to end, read once
//! from begin to end.

mod error;
mod folder;
mod read;
mod write;

pub use error::SpillError;
pub use folder::Folder;
pub use read::Reader;
pub use write::{Writer, Written};

/// Bytes before each block: its length and its checksum.
const HEADER: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Folder, items: u32) -> Written {
        let mut writer = folder.file(100);
        for item in 0..items {
            writer
                .append(|bytes| bytes.extend_from_slice(&item.to_le_bytes()))
                .unwrap();
        }
        writer.finish().unwrap().unwrap()
    }

    fn blocks(file: &Written) -> Result<Vec<Vec<u8>>, SpillError> {
        let mut reader = file.read()?;
        let mut blocks = Vec::new();
        while let Some(block) = reader.block()? {
            blocks.push(block.to_vec());
        }
        Ok(blocks)
    }

    #[test]
    fn what_is_written_is_read_and_gone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::make(parent.path()).unwrap();
        let other = Folder::make(parent.path()).unwrap();
        assert_ne!(folder.path(), other.path());
        let file = written(&folder, 1_000);
        let blocks = blocks(&file).unwrap();
        assert!(blocks.len() > 30, "{}", blocks.len());
        let items = blocks.concat();
        let items = items
            .chunks(4)
            .map(|item| u32::from_le_bytes(*item.first_chunk().unwrap()));
        assert!(items.eq(0..1_000));
        assert!(folder.written() > 4_000);
        drop(file);
        assert_eq!(folder.written(), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(folder.file(100).finish().unwrap().is_none());
        let _open = written(&folder, 1);
        drop((folder, other));
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_byte_is_noticed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::make(parent.path()).unwrap();
        let file = written(&folder, 50);
        let path = folder.path().join("0");
        let good = std::fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&path, bad).unwrap();
            assert!(blocks(&file).is_err(), "{at}");
        }
        std::fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert!(matches!(blocks(&file), Err(SpillError::Read { .. })));
        std::fs::write(&path, &good).unwrap();
        assert!(blocks(&file).is_ok());
    }

    /// What the system says where no byte fits any more.
    #[test]
    fn a_full_disk_is_told_apart() {
        for (code, full) in [(28, true), (27, true), (122, true), (5, false), (13, false)] {
            let error = SpillError::write(std::path::Path::new("d/0"), 7, std::io::Error::from_raw_os_error(code));
            assert_eq!(matches!(error, SpillError::Full { written: 7, .. }), full, "{error}");
        }
    }
}
