//! [`Broadcast`]: news inside one process. What is lost is in the store anyway: a subscriber that falls behind misses
//! items and reads them there.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use parking_lot::Mutex;

/// Items that a subscriber may be behind before it misses some.
pub const BACKLOG: usize = 64;

/// Tells every subscriber the same things in the same order. Clones are one broadcast.
pub struct Broadcast<T> {
    subscribers: Arc<Mutex<Vec<SyncSender<T>>>>,
}

impl<T: Clone> Broadcast<T> {
    /// A broadcast nobody listens to yet.
    pub fn new() -> Broadcast<T> {
        Broadcast { subscribers: Arc::default() }
    }

    /// Listens from now on. Dropping the receiver ends it.
    pub fn subscribe(&self) -> Receiver<T> {
        let (sender, receiver) = sync_channel(BACKLOG);
        self.subscribers.lock().push(sender);
        receiver
    }

    /// Tells everybody; never waits. Whoever is [`BACKLOG`] items behind misses this one.
    pub fn send(&self, item: &T) {
        let mut subscribers = self.subscribers.lock();
        subscribers.retain(|sender| !matches!(sender.try_send(item.clone()), Err(TrySendError::Disconnected(_))));
    }
}

impl<T> Clone for Broadcast<T> {
    fn clone(&self) -> Broadcast<T> {
        Broadcast { subscribers: Arc::clone(&self.subscribers) }
    }
}

impl<T: Clone> Default for Broadcast<T> {
    fn default() -> Broadcast<T> {
        Broadcast::new()
    }
}

impl<T> fmt::Debug for Broadcast<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast").field("subscribers", &self.subscribers.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subscriber_hears_everything_in_order_until_it_falls_behind() {
        let news = Broadcast::new();
        let (quick, slow, gone) = (news.subscribe(), news.subscribe(), news.subscribe());
        drop(gone);
        let heard: Vec<usize> = (0..2 * BACKLOG)
            .map(|item| {
                news.send(&item);
                quick.recv().unwrap()
            })
            .collect();
        assert_eq!(heard, (0..2 * BACKLOG).collect::<Vec<_>>());
        assert_eq!(slow.try_iter().collect::<Vec<_>>(), (0..BACKLOG).collect::<Vec<_>>());
        news.send(&7);
        assert_eq!(slow.recv(), Ok(7));
    }
}
