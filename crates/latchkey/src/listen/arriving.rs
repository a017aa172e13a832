//! The body of a request while it comes in: a client that sends it too slowly is not waited for.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// How long one may wait for bytes at first.
const PATIENCE: Duration = Duration::from_secs(5);
/// And for each of so many bytes that have come, one second more.
const BYTES_PER_SECOND: u64 = 1_024;

/// A body slower than 1 KiB a second.
#[derive(Debug, thiserror::Error)]
#[error("the body came more slowly than {BYTES_PER_SECOND} bytes a second")]
struct TooSlow;

/// Whether a body was dropped before its end, for whoever handed it on. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    /// Whether it was.
    pub(super) fn happened(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// A body that is coming in. Time counts only while somebody waits for it.
pub(super) struct Arriving<Inner = Incoming> {
    inner: Inner,
    ended: bool,
    abandoned: Abandoned,
    received: u64,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<Inner> Arriving<Inner> {
    /// A body of which nothing has come yet.
    pub(super) fn new(inner: Inner) -> Self {
        Self {
            inner,
            ended: false,
            abandoned: Abandoned::default(),
            received: 0,
            waited: Duration::ZERO,
            waiting: None,
        }
    }

    /// Tells whether it was given up before its end.
    pub(super) fn abandoned(&self) -> Abandoned {
        self.abandoned.clone()
    }
}

impl<Inner> Drop for Arriving<Inner> {
    fn drop(&mut self) {
        if !self.ended {
            self.abandoned.0.store(true, Relaxed);
        }
    }
}

impl<Inner> Body for Arriving<Inner>
where
    Inner: Body<Data = Bytes> + Unpin,
    Inner::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            if let Some((since, _)) = self.waiting.take() {
                self.waited += since.elapsed();
            }
            if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
                self.received = self.received.saturating_add(data.len() as u64);
            }
            self.ended = frame.is_none() || self.inner.is_end_stream();
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let earned = Duration::from_secs(self.received / BYTES_PER_SECOND);
        let left = (PATIENCE + earned).saturating_sub(self.waited);
        let (_, timer) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt as _, StreamBody};

    /// A body that sends `count` pieces of `size` bytes, one every `pause`.
    fn a_body(count: u32, size: usize, pause: Duration) -> Arriving<axum::body::Body> {
        let pieces = futures_util::stream::unfold(count, move |left| async move {
            let left = left.checked_sub(1)?;
            sleep(pause).await;
            Some((Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![b'x'; size]))), left))
        });
        Arriving::new(axum::body::Body::new(StreamBody::new(pieces)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_given_up() {
        let error = a_body(100, 10, Duration::from_secs(1)).collect().await.unwrap_err();
        assert!(error.to_string().contains("slowly"), "{error}");
        assert!(a_body(1, 10, Duration::from_secs(6)).collect().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_at_two_kilobytes_a_second_is_waited_for() {
        let body = a_body(600, 2_048, Duration::from_secs(1)).collect().await.unwrap();
        assert_eq!(body.to_bytes().len(), 600 * 2_048);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_dropped_before_its_end_is_abandoned() {
        for (frames, expected) in [(0, true), (2, true), (3, false)] {
            let mut body = a_body(2, 10, Duration::ZERO);
            let abandoned = body.abandoned();
            for _ in 0..frames {
                body.frame().await.transpose().unwrap();
            }
            assert!(!abandoned.happened(), "somebody may go on reading");
            drop(body);
            assert_eq!(abandoned.happened(), expected, "{frames}");
        }
    }
}
