//! What a connection is doing, so that one which does nothing, or does it too slowly, is closed.
//!
//! A request costs a few atomic stores and no timer: each connection looks at itself every few seconds.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A head must be whole this long after its first byte.
const HEAD: Duration = Duration::from_secs(10);
/// A connection without requests is closed after this.
const IDLE: Duration = Duration::from_secs(60);
/// A client that takes nothing of its answer for so long is gone.
const STUCK: Duration = Duration::from_secs(60);
/// How often a connection looks at itself.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What one connection is doing. Moments are milliseconds since its birth, plus one; zero is never.
#[derive(Debug)]
pub(super) struct Watch {
    birth: Instant,
    /// Whether bytes that come in between requests are the beginning of a head. In HTTP/2 they may be anything.
    heads: bool,
    in_flight: AtomicU32,
    idle_since: AtomicU64,
    head_since: AtomicU64,
    stuck_since: AtomicU64,
}

impl Watch {
    /// A connection that begins now.
    pub(super) fn begin(birth: Instant, heads: bool) -> Arc<Self> {
        let never = || AtomicU64::new(0);
        let (idle_since, head_since, stuck_since) = (AtomicU64::new(1), never(), never());
        Arc::new(Self { birth, heads, in_flight: AtomicU32::new(0), idle_since, head_since, stuck_since })
    }

    fn moment(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.birth).as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// A request begins; it ends when the guard is dropped.
    pub(super) fn request(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Relaxed);
        self.head_since.store(0, Relaxed);
        InFlight(Arc::clone(self))
    }

    fn has_read(&self) {
        if self.heads && self.in_flight.load(Relaxed) == 0 && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.moment(Instant::now()), Relaxed);
        }
    }

    fn has_written(&self, progress: bool) {
        if progress {
            self.stuck_since.store(0, Relaxed);
        } else if self.stuck_since.load(Relaxed) == 0 {
            self.stuck_since.store(self.moment(Instant::now()), Relaxed);
        }
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        let now = self.moment(now);
        let longer = |since: &AtomicU64, limit: Duration| {
            let since = since.load(Relaxed);
            since != 0 && u128::from(now.saturating_sub(since)) > limit.as_millis()
        };
        let idle =
            self.in_flight.load(Relaxed) == 0 && (longer(&self.head_since, HEAD) || longer(&self.idle_since, IDLE));
        idle || longer(&self.stuck_since, STUCK)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Watch>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.moment(Instant::now()), Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// The body of an answer: the request is over when the last of it has left.
pub(super) struct Leaving {
    body: Body,
    _request: InFlight,
}

impl Leaving {
    /// The body of this request's answer.
    pub(super) const fn new(body: Body, request: InFlight) -> Self {
        Self { body, _request: request }
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A socket that tells its watch what passes.
pub(super) struct Watched<Socket> {
    socket: Socket,
    watch: Arc<Watch>,
}

impl<Socket> Watched<Socket> {
    /// Watches a socket.
    pub(super) const fn new(socket: Socket, watch: Arc<Watch>) -> Self {
        Self { socket, watch }
    }
}

impl<Socket: AsyncRead + Unpin> AsyncRead for Watched<Socket> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.watch.has_read();
        }
        read
    }
}

impl<Socket: AsyncWrite + Unpin> Watched<Socket> {
    fn note<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.watch.has_written(written.is_ready());
        written
    }
}

impl<Socket: AsyncWrite + Unpin> AsyncWrite for Watched<Socket> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.note(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.note(shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(watch: &Watch, seconds: u64) -> bool {
        watch.is_over(Instant::now() + Duration::from_secs(seconds))
    }

    #[test]
    fn a_connection_without_requests_is_closed_after_a_minute() {
        let watch = Watch::begin(Instant::now(), true);
        assert!(!after(&watch, 59) && after(&watch, 61));
    }

    #[test]
    fn a_head_must_be_whole_ten_seconds_after_its_first_byte() {
        let watch = Watch::begin(Instant::now(), true);
        watch.has_read();
        assert!(!after(&watch, 9) && after(&watch, 11));
        let request = watch.request();
        assert!(!after(&watch, 3_600), "a request that is being answered has other limits");
        drop(request);
        assert!(!after(&watch, 59) && after(&watch, 61));
    }

    #[test]
    fn what_passes_between_requests_of_http_2_is_no_head() {
        let watch = Watch::begin(Instant::now(), false);
        watch.has_read();
        assert!(!after(&watch, 11) && after(&watch, 61));
    }

    #[test]
    fn a_client_that_takes_nothing_of_its_answer_is_gone_after_a_minute() {
        let watch = Watch::begin(Instant::now(), true);
        let _request = watch.request();
        watch.has_written(false);
        assert!(!after(&watch, 59) && after(&watch, 61));
        watch.has_written(true);
        assert!(!after(&watch, 61));
    }
}
