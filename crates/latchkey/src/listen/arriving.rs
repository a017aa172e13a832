//! The body of a request while it comes in: a client that sends it too slowly is not waited for.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// How long one may wait for bytes at first.
const PATIENCE: Duration = Duration::from_secs(5);
/// And for each of so many bytes that have come, one second more.
const BYTES_PER_SECOND: u64 = 1_024;

/// So much of a body that nobody wants is read all the same, and for so long. A socket that is closed with bytes in it resets the connection, and
/// the client loses the answer that it was about to read. [RFC 9112 §9.6]
const UNWANTED_BYTES: u64 = 8 << 20;
const UNWANTED_TIME: Duration = Duration::from_secs(5);

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

/// What a body comes from.
pub(super) trait Source:
    Body<Data = Bytes, Error: Into<axum::BoxError> + Send> + Unpin + Send + 'static
{
}

impl<B: Body<Data = Bytes, Error: Into<axum::BoxError> + Send> + Unpin + Send + 'static> Source for B {}

/// A body that is coming in. Time counts only while somebody waits for it.
pub(super) struct Arriving<Inner: Source = Incoming> {
    /// Nothing once it is being read away.
    inner: Option<Inner>,
    /// Whether the client sends it only when told to.
    held_back: bool,
    ended: bool,
    abandoned: Abandoned,
    received: u64,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<Inner: Source> Arriving<Inner> {
    /// A body of which nothing has come yet. One that is `held_back` by its client, until it is wanted, is never asked for to be thrown away.
    /// [RFC 9110 §10.1.1]
    pub(super) fn new(inner: Inner, held_back: bool) -> Self {
        Self {
            inner: Some(inner),
            held_back,
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

impl<Inner: Source> Drop for Arriving<Inner> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.abandoned.0.store(true, Relaxed);
        let untouched = self.held_back && self.received == 0;
        if let (Some(inner), Ok(runtime)) = (self.inner.take().filter(|_| !untouched), Handle::try_current()) {
            runtime.spawn(read_away(inner));
        }
    }
}

/// Reads what nobody wants, while the client reads its answer.
async fn read_away(mut body: impl Source) {
    let read = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, |data| data.len() as u64);
            if read > UNWANTED_BYTES {
                return;
            }
        }
    };
    // What takes longer is cut off.
    timeout(UNWANTED_TIME, read).await.ok();
}

impl<Inner: Source> Body for Arriving<Inner> {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(inner).poll_frame(cx) {
            if let Some((since, _)) = self.waiting.take() {
                self.waited += since.elapsed();
            }
            if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
                self.received = self.received.saturating_add(data.len() as u64);
            }
            self.ended = frame.is_none() || self.is_end_stream();
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let earned = Duration::from_secs(self.received / BYTES_PER_SECOND);
        let left = (PATIENCE + earned).saturating_sub(self.waited);
        let (_, timer) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Inner::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(Inner::size_hint).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::StreamBody;

    /// A body that sends `count` pieces of `size` bytes, one every `pause`.
    fn a_body(count: u32, size: usize, pause: Duration) -> Arriving<axum::body::Body> {
        let pieces = futures_util::stream::unfold(count, move |left| async move {
            let left = left.checked_sub(1)?;
            sleep(pause).await;
            Some((Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![b'x'; size]))), left))
        });
        Arriving::new(axum::body::Body::new(StreamBody::new(pieces)), false)
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
