//! A file whose blocks are found ahead, so that a crew has some to read and walk. They are handed on in the order of the file, and what
//! is wrong with one is told where it stands.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::crew::{Crew, Done, Giver, Piece, Promise, Work};
use crate::edge::files::{FileError, Found, Records};
use crate::model::Side;

/// Blocks that are under way at most, and how many for each hand.
const BLOCKS_MAX: usize = 64;
const BLOCKS_PER_HAND: usize = 4;

/// What was found in a file and not yet handed on.
pub struct Ahead {
    crew: Arc<Crew>,
    giver: Giver,
    blocks: VecDeque<Block>,
    /// Of the first block.
    pieces: VecDeque<Piece>,
    /// The file was read to its end, or to what is wrong with it.
    ended: bool,
    byte: u64,
    offset: u64,
}

/// A block under way.
enum Block {
    Given { promise: Promise, end: u64 },
    Wrong(FileError),
}

impl Ahead {
    /// Nothing was read yet.
    #[must_use]
    pub fn new(crew: Arc<Crew>, side: Side, span: Range<u64>) -> Self {
        Self {
            crew,
            giver: Giver::new(side, span),
            blocks: VecDeque::new(),
            pieces: VecDeque::new(),
            ended: false,
            byte: 0,
            offset: 0,
        }
    }

    /// Offset of the record behind those that were handed on.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Byte behind the block that is handed on.
    #[must_use]
    pub fn byte(&self) -> u64 {
        self.byte
    }

    /// The next records; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read to its end.
    pub fn next(&mut self, reader: &mut Records) -> anyhow::Result<Option<Piece>> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                self.offset += piece.chunk.batch.records.len() as u64;
                return Ok(Some(piece));
            }
            self.fill(reader);
            let (promise, end) = match self.blocks.pop_front() {
                None => {
                    self.byte = reader.progress().0;
                    return Ok(None);
                }
                Some(Block::Wrong(error)) => return Err(error.into()),
                Some(Block::Given { promise, end }) => (promise, end),
            };
            self.byte = end;
            let work = match self.crew.take(&promise)?? {
                Done::Later(packed) => Work::Rest(self.giver.hold(packed.unpack()?)),
                Done::Pieces(pieces, rest) => {
                    self.pieces = pieces;
                    match rest {
                        Some(rest) => Work::Rest(rest),
                        None => continue,
                    }
                }
            };
            let promise = self.crew.give_first(&self.giver, work);
            self.blocks.push_front(Block::Given { promise, end });
        }
    }

    /// Finds as many blocks ahead as may be under way.
    fn fill(&mut self, reader: &mut Records) {
        // One hand walks a block when it is the next.
        let most = match self.crew.hands() {
            1 => 1,
            hands => (hands * BLOCKS_PER_HAND).min(BLOCKS_MAX),
        };
        while !self.ended && self.blocks.len() < most {
            let block = match reader.find() {
                Ok(Some((found, end))) => {
                    let work = match found {
                        Found::Packed(packed) => Work::Packed(packed),
                        Found::Chunk(chunk) => Work::Chunk(chunk),
                    };
                    let promise = self.crew.give(&self.giver, work);
                    Block::Given { promise, end }
                }
                Ok(None) => {
                    self.ended = true;
                    return;
                }
                Err(error) => {
                    self.ended = true;
                    Block::Wrong(error)
                }
            };
            self.blocks.push_back(block);
        }
    }
}
