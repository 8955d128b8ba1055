//! Descriptors as bytes: what the owner-only files of the agent hold.

/// One of a fixed-point number's steps.
const STEP: f32 = 1.0 / 4096.0;

/// A number of small size (below 8) as two bytes.
pub(crate) fn fixed(value: f32) -> [u8; 2] {
    #[allow(clippy::cast_possible_truncation, reason = "`as` saturates")]
    let steps = (value / STEP).round() as i16;
    steps.to_le_bytes()
}

/// Bytes that are read from the front; everything is `None` where they end too early.
pub(crate) struct Coded<'a>(&'a [u8]);

impl<'a> Coded<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.bytes(1).map(|b| b[0])
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(2)?.try_into().ok()?))
    }

    pub(crate) fn fixed(&mut self) -> Option<f32> {
        Some(f32::from(i16::from_le_bytes(self.bytes(2)?.try_into().ok()?)) * STEP)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}
