//! Bytes that come in at one end and go out at the other.

/// A queue of bytes in one piece. It holds no memory once it is empty and was large.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// Those before this are gone.
    start: usize,
}

/// What an empty buffer may keep, in bytes.
const KEPT: usize = 4 << 10;

impl Buffer {
    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// How many bytes are in it.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// True if nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes of memory it holds.
    pub fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Where more is appended.
    pub fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Takes out the first `count` bytes, of as many at least.
    pub fn consume(&mut self, count: usize) {
        self.start += count;
        debug_assert!(self.start <= self.bytes.len());
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT);
            self.start = 0;
        } else if self.start > self.bytes.len() / 2 {
            // So each byte is moved once on average.
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_goes_out_in_its_order_and_leaves_no_memory() {
        let (mut buffer, mut expected) = (Buffer::default(), Vec::new());
        for round in 0..100_u8 {
            let piece = vec![round; 1_000];
            buffer.end().extend_from_slice(&piece);
            expected.extend_from_slice(&piece);
            let count = usize::from(round) * 7;
            assert!(buffer.bytes() == expected && buffer.held() < 300_000);
            buffer.consume(count);
            expected.drain(..count);
        }
        buffer.consume(buffer.len());
        assert!(buffer.is_empty() && buffer.held() <= KEPT);
    }
}
