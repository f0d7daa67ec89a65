//! A queue of many that grows page by page: nothing that stands in it is ever moved, so that no growth takes long.

use std::collections::VecDeque;
use std::ops::{Index, IndexMut};

/// Items of a page.
const PAGE: usize = 512;

/// A queue.
#[derive(Debug)]
pub(super) struct Line<T> {
    pages: VecDeque<Vec<T>>,
    /// Items of the first page that were taken.
    taken: usize,
    len: usize,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self {
            pages: VecDeque::new(),
            taken: 0,
            len: 0,
        }
    }
}

impl<T: Copy> Line<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn push(&mut self, item: T) {
        match self.pages.back_mut() {
            Some(page) if page.len() < PAGE => page.push(item),
            _ => {
                // Most lines stay short.
                let mut page = Vec::with_capacity(if self.pages.is_empty() { 16 } else { PAGE });
                page.push(item);
                self.pages.push_back(page);
            }
        }
        self.len += 1;
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        let at = at.checked_add(self.taken)?;
        self.pages.get(at / PAGE)?.get(at % PAGE)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let at = at.checked_add(self.taken)?;
        self.pages.get_mut(at / PAGE)?.get_mut(at % PAGE)
    }

    pub(super) fn front(&self) -> Option<&T> {
        self.get(0).filter(|_| self.len > 0)
    }

    pub(super) fn back(&self) -> Option<&T> {
        self.pages.back()?.last().filter(|_| self.len > 0)
    }

    pub(super) fn pop_front(&mut self) -> Option<T> {
        let item = *self.front()?;
        self.taken += 1;
        self.len -= 1;
        if self.taken == PAGE || self.len == 0 {
            self.pages.pop_front();
            self.taken = 0;
        }
        Some(item)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten().skip(self.taken)
    }
}

impl<T: Copy> Index<usize> for Line<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: usize) -> &T {
        let at = at + self.taken;
        &self.pages[at / PAGE][at % PAGE]
    }
}

impl<T: Copy> IndexMut<usize> for Line<T> {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut T {
        let at = at + self.taken;
        &mut self.pages[at / PAGE][at % PAGE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_queue() {
        let (mut line, mut plain) = (Line::default(), VecDeque::new());
        let mut state = 7_u64;
        for number in 0..40_000_u64 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // It grows at first, and is empty in the end.
            if (state >> 33) % 40_000 > number {
                line.push(number);
                plain.push_back(number);
            } else {
                assert_eq!(line.pop_front(), plain.pop_front());
            }
            assert_eq!(
                (line.len(), line.front(), line.back()),
                (plain.len(), plain.front(), plain.back())
            );
            let at = usize::try_from(state >> 40).unwrap() % (plain.len() + 1);
            assert_eq!(line.get(at), plain.get(at));
        }
        assert!(line.iter().eq(plain.iter()));
    }
}
