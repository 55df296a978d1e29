//! Numbers in as few bytes as they need, and reading them back without trust.

use super::Damaged;

/// Adds a number, seven bits a byte, the lowest first.
pub(crate) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Adds a number that may be negative.
pub(crate) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, zigzag(number));
}

/// Small numbers for those near 0, on both sides.
pub(crate) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

/// What [`zigzag`] was given.
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// The bytes of one part that are still to be read.
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    part: &'static str,
}

impl<'a> Input<'a> {
    /// Reads `bytes`, which are called `part` where they are damaged.
    pub(crate) fn new(bytes: &'a [u8], part: &'static str) -> Self {
        Input { bytes, part }
    }

    /// What is said when they cannot be read.
    pub(crate) fn damaged(&self) -> Damaged {
        Damaged { part: self.part }
    }

    /// So many bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(self.damaged())?;
        self.bytes = rest;
        Ok(taken)
    }

    /// One byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Damaged> {
        Ok(self.take(1)?[0])
    }

    /// Four bytes, the lowest first.
    pub(crate) fn u32(&mut self) -> Result<u32, Damaged> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A number that [`put`] wrote.
    pub(crate) fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.damaged())
    }

    /// A number that [`put_signed`] wrote.
    pub(crate) fn signed(&mut self) -> Result<i64, Damaged> {
        Ok(unzigzag(self.number()?))
    }

    /// A number that fits the type.
    pub(crate) fn fitting<T: TryFrom<u64>>(&mut self) -> Result<T, Damaged> {
        let number = self.number()?;
        T::try_from(number).map_err(|_| self.damaged())
    }

    /// How many things follow, each of which takes a byte at least.
    pub(crate) fn count(&mut self) -> Result<usize, Damaged> {
        let count = self.fitting()?;
        if count > self.bytes.len() { Err(self.damaged()) } else { Ok(count) }
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.bytes
    }

    /// Nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Fails where something is left.
    pub(crate) fn end(self) -> Result<(), Damaged> {
        if self.bytes.is_empty() { Ok(()) } else { Err(self.damaged()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let mut out = Vec::new();
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        numbers.iter().for_each(|number| put(&mut out, *number));
        [i64::MIN, -1, 0, 1, i64::MAX].iter().for_each(|number| put_signed(&mut out, *number));
        let mut input = Input::new(&out, "test");
        assert!(numbers.iter().all(|number| input.number() == Ok(*number)));
        assert!([i64::MIN, -1, 0, 1, i64::MAX].iter().all(|number| input.signed() == Ok(*number)));
        assert_eq!(input.end(), Ok(()));
    }

    #[test]
    fn what_does_not_end_is_refused() {
        assert!(Input::new(&[0x80; 20], "test").number().is_err());
        assert!(Input::new(&[0x80], "test").number().is_err());
        assert!(Input::new(&[200, 1], "test").count().is_err());
    }
}
