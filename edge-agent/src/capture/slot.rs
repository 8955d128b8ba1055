//! The place between a camera's thread and its pipeline: one frame, the newest wins.

use super::frame::Frame;
use parking_lot::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Holds at most one frame. A frame that nobody took in time is dropped and counted on the next one.
#[derive(Debug, Default)]
pub(super) struct Slot {
    frame: Mutex<Option<Frame>>,
    filled: Condvar,
}

impl Slot {
    /// Puts a frame; says whether one was dropped for it. What the dropped frame was marked with stays true of the new one.
    pub(super) fn put(&self, mut frame: Frame) -> bool {
        let mut slot = self.frame.lock();
        let dropped = slot.take();
        if let Some(dropped) = &dropped {
            frame.loop_restarted |= dropped.loop_restarted;
            frame.dropped += dropped.dropped + 1;
        }
        *slot = Some(frame);
        self.filled.notify_one();
        dropped.is_some()
    }

    /// Waits for a frame.
    pub(super) fn take(&self, within: Duration) -> Option<Frame> {
        let until = Instant::now() + within;
        let mut slot = self.frame.lock();
        while slot.is_none() && !self.filled.wait_until(&mut slot, until).timed_out() {}
        slot.take()
    }

    /// Forgets a frame that nobody took.
    pub(super) fn clear(&self) {
        self.frame.lock().take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chuangming_models::image::RgbImage;
    use jiff::Timestamp;
    use std::sync::Arc;

    fn frame(second: i64, loop_restarted: bool) -> Frame {
        let at = Timestamp::from_second(second).unwrap();
        Frame { at, image: Arc::new(RgbImage::filled(1, 1, 0)), loop_restarted, dropped: 0 }
    }

    #[test]
    fn the_newest_frame_wins_and_knows_what_was_dropped() {
        let slot = Slot::default();
        assert!(!slot.put(frame(1, true)));
        assert!(slot.put(frame(2, false)));
        assert!(slot.put(frame(3, false)));
        let taken = slot.take(Duration::ZERO).unwrap();
        assert_eq!((taken.at.as_second(), taken.dropped, taken.loop_restarted), (3, 2, true));
        assert!(slot.take(Duration::ZERO).is_none(), "a frame is taken once");
        assert!(!slot.put(frame(4, false)));
        assert!(
            !slot.take(Duration::ZERO).unwrap().loop_restarted,
            "the mark is not carried past a delivered frame"
        );
    }

    #[test]
    fn a_waiting_reader_is_woken() {
        let slot = Slot::default();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| slot.take(Duration::from_secs(60)));
            slot.put(frame(1, false));
            assert!(reader.join().unwrap().is_some());
        });
    }
}
