//! Lines in which requests wait for their turn, first come first served.
//!
//! A turn ends when it is dropped, and whoever gives up while waiting leaves the line. A line that nobody stands in
//! is forgotten, so there are never more lines than requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lines by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<BTreeMap<String, Line>>>);

#[derive(Debug)]
struct Line {
    counters: Arc<Semaphore>,
    /// How many are served at the same time.
    width: usize,
    waiting: usize,
    /// Who waits or is being served.
    present: usize,
}

/// Being served; or, inside of [`Lines::turn`], the place of one who waits.
#[derive(Debug)]
pub(crate) struct Turn {
    lines: Lines,
    name: String,
    counter: Option<OwnedSemaphorePermit>,
}

impl Lines {
    /// Waits for a turn in a line that serves `width` at a time; none when `longest` wait already.
    ///
    /// Another `width` than before holds for everybody who comes from now on.
    pub(crate) async fn turn(&self, name: &str, width: usize, longest: usize) -> Option<Turn> {
        let (mut turn, counters) = self.place(name, width.max(1), longest)?;
        if turn.counter.is_none() {
            turn.counter = counters.acquire_owned().await.ok();
            if let Some(line) = self.lock().get_mut(name) {
                line.waiting -= 1;
            }
        }
        Some(turn)
    }

    fn place(&self, name: &str, width: usize, longest: usize) -> Option<(Turn, Arc<Semaphore>)> {
        let mut lines = self.lock();
        let line = lines.entry(name.to_owned()).or_insert_with(|| Line::new(width));
        if line.width != width {
            line.width = width;
            line.counters = Arc::new(Semaphore::new(width));
        }
        // A counter that is free while others wait does not exist: it goes to the first of them at once.
        let counter = Arc::clone(&line.counters).try_acquire_owned().ok();
        if counter.is_none() {
            if line.waiting >= longest {
                return None;
            }
            line.waiting += 1;
        }
        line.present += 1;
        let turn = Turn {
            lines: self.clone(),
            name: name.to_owned(),
            counter,
        };
        Some((turn, Arc::clone(&line.counters)))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn new(width: usize) -> Line {
        Line {
            counters: Arc::new(Semaphore::new(width)),
            width,
            waiting: 0,
            present: 0,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let had_waited_in_vain = self.counter.take().is_none();
        let mut lines = self.lines.lock();
        let Some(line) = lines.get_mut(&self.name) else {
            return;
        };
        line.present -= 1;
        if had_waited_in_vain {
            line.waiting -= 1;
        }
        if line.present == 0 {
            lines.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_to_come_is_the_first_to_be_served() {
        let lines = Lines::default();
        let order = Mutex::new(Vec::new());
        let visit = async |number: u32| {
            sleep(Duration::from_millis(u64::from(number))).await;
            let _turn = lines.turn("a", 1, 9).await.unwrap();
            sleep(Duration::from_secs(1)).await;
            order.lock().unwrap().push(number);
        };
        tokio::join!(visit(3), visit(1), visit(2));
        assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
        assert!(lines.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_line_takes_nobody_and_one_who_gives_up_makes_room() {
        let lines = Lines::default();
        let served = lines.turn("a", 1, 1).await.unwrap();
        let given_up = timeout(Duration::from_secs(1), async {
            tokio::join!(lines.turn("a", 1, 1), async {
                assert!(lines.turn("a", 1, 1).await.is_none());
            })
        });
        assert!(given_up.await.is_err());
        let (next, ()) = tokio::join!(lines.turn("a", 1, 1), async { drop(served) });
        assert!(next.is_some());
        assert!(
            lines.turn("another", 1, 0).await.is_some(),
            "lines do not know of each other"
        );
        drop(next);
        assert!(lines.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wider_line_serves_more_from_then_on() {
        let lines = Lines::default();
        let _one = lines.turn("a", 1, 0).await.unwrap();
        assert!(lines.turn("a", 1, 0).await.is_none());
        let _two = lines.turn("a", 2, 0).await.unwrap();
        assert!(lines.turn("a", 2, 0).await.is_some());
    }
}
