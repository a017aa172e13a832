//! `/demo/events`: the guided walk while it happens, as server-sent events.
//!
//! Whoever listens is told the whole state at once, and again after each change: nobody has to know what they missed. A change
//! replaces the one before it, so nothing queues up for a slow listener.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use latchkey_web::pages::Page as _;
use latchkey_web::pages::demo::{DemoEvent, DemoNow};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::recorder::Walk;
use super::service::text;

/// How many may listen at once. A browser listens for the page in sight only.
const SEATS: usize = 16;
/// After so long without a change, a word that says nothing: it finds out whether anybody is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What happens within this time is told together.
const TOGETHER: Duration = Duration::from_millis(50);
/// Milliseconds until a browser that lost its connection comes back.
const RETRY: u32 = 1_000;

/// Who listens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Events {
    seats: Arc<Semaphore>,
}

/// One who listens.
struct Listener<Words> {
    walk: watch::Receiver<Walk>,
    words: Words,
    is_new: bool,
    _seat: OwnedSemaphorePermit,
}

impl Events {
    /// Nobody listens yet.
    pub(crate) fn new() -> Self {
        Self { seats: Arc::new(Semaphore::new(SEATS)) }
    }

    /// Tells of the walk until it is over or nobody listens any more, in the words of `words`.
    pub(crate) fn listen<Words>(&self, walk: watch::Receiver<Walk>, words: Words) -> Response<Body>
    where
        Words: Fn(&Walk) -> DemoNow + Send + 'static,
    {
        let Ok(seat) = Arc::clone(&self.seats).try_acquire_owned() else {
            let mut full = text(StatusCode::SERVICE_UNAVAILABLE, "Too many pages listen already.\n");
            full.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            return full;
        };
        let listener = Listener { walk, words, is_new: true, _seat: seat };
        let events = futures_util::stream::unfold(listener, |mut listener| async move {
            let event = listener.next().await?;
            Some((Ok::<_, Infallible>(event), listener))
        });
        let mut response = Response::new(Body::from_stream(events));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl<Words: Fn(&Walk) -> DemoNow> Listener<Words> {
    /// The next event; nothing if the walk is over.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::take(&mut self.is_new) {
            match timeout(HEARTBEAT, self.walk.changed()).await {
                Ok(changed) => changed.ok()?,
                Err(_) => return Some(Bytes::from_static(b":\n\n")),
            }
            sleep(TOGETHER).await;
        }
        let walk = self.walk.borrow_and_update();
        (!walk.is_over).then(|| event(&DemoEvent { now: (self.words)(&walk) }.html()))
    }
}

/// An event of many lines. The stream knows three ways to end a line, so each of them ends one of ours.
fn event(html: &str) -> Bytes {
    let mut event = format!("retry: {RETRY}\nevent: walk\n");
    for line in html.split(['\n', '\r']) {
        // Writing into a string has no way to fail.
        let _: std::fmt::Result = writeln!(event, "data: {line}");
    }
    event.push('\n');
    Bytes::from(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    fn told(walk: &Walk) -> DemoNow {
        let service_url = format!("{} messages", walk.messages.len());
        DemoNow {
            service_url,
            steps: walk.steps.shown("http://127.0.0.1:1", "http://127.0.0.1:2"),
            messages: Vec::new(),
        }
    }

    /// Something happened, of which nobody has to know what it was.
    fn happen(walk: &watch::Sender<Walk>) {
        walk.send_modify(|walk| walk.steps.note(crate::demo::steps::Happened::Asked));
    }

    async fn heard(body: &mut Body) -> Option<String> {
        let frame = body.frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn who_listens_is_told_the_whole_at_once_and_again_after_each_change() {
        let walk = watch::Sender::<Walk>::default();
        let mut body = Events::new().listen(walk.subscribe(), told).into_body();
        let first = heard(&mut body).await.unwrap();
        assert!(first.starts_with("retry: 1000\nevent: walk\ndata: ") && first.ends_with("\n\n"), "{first}");
        assert!(!first.contains(r#"class="done""#), "{first}");
        assert_eq!(first.matches("\n\n").count(), 1, "one event: {first}");

        for _ in 0..100 {
            happen(&walk);
        }
        let second = heard(&mut body).await.unwrap();
        assert!(second.contains(r#"class="done""#), "{second}");
        assert_eq!(heard(&mut body).await.unwrap(), ":\n\n", "what happened together was told together");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_so_that_who_is_gone_is_found_out() {
        let walk = watch::Sender::<Walk>::default();
        let mut body = Events::new().listen(walk.subscribe(), told).into_body();
        heard(&mut body).await.unwrap();
        let before = tokio::time::Instant::now();
        assert_eq!(heard(&mut body).await.unwrap(), ":\n\n");
        assert!(before.elapsed() >= HEARTBEAT);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_demo() {
        let walk = watch::Sender::<Walk>::default();
        let events = Events::new();
        let mut body = events.listen(walk.subscribe(), told).into_body();
        heard(&mut body).await.unwrap();
        walk.send_modify(|walk| walk.is_over = true);
        assert_eq!(heard(&mut body).await, None);
        assert_eq!(heard(&mut events.listen(walk.subscribe(), told).into_body()).await, None, "who comes too late");
    }

    #[test]
    fn what_was_said_ends_no_line_of_the_stream() {
        let event = event("one\rdata: two\r\nevent: three\n\nfour");
        let event = std::str::from_utf8(&event).unwrap();
        assert_eq!(event.matches("\ndata: ").count(), 6, "{event}");
        assert!(event.contains("\ndata: data: two\n") && event.contains("\ndata: event: three\n"), "{event}");
        assert!(!event.contains('\r') && event.find("\n\n") == Some(event.len() - 2), "{event}");
    }

    #[tokio::test]
    async fn so_many_listen_and_who_leaves_makes_room() {
        let walk = watch::Sender::<Walk>::default();
        let events = Events::new();
        let mut seated: Vec<_> = (0..SEATS).map(|_| events.listen(walk.subscribe(), told)).collect();
        let full = events.listen(walk.subscribe(), told);
        assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(full.headers().contains_key(RETRY_AFTER));
        seated.pop();
        assert_eq!(events.listen(walk.subscribe(), told).status(), StatusCode::OK);
    }
}
