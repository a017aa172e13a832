//! Requests that arrive together take each step together: all are read, then all decided, then all signed, then all answered.
//!
//! One request needs more code and tables than the caches nearest to the processor hold. Taken through all steps alone, it finds each of them cold;
//! behind others in the same step it finds it warm. This is cohort scheduling (Larus and Parkes, USENIX 2002). A request that is alone loses
//! one look at the sockets per step.

/// Lets the requests that are ready get as far as this one has.
pub(crate) async fn keep_step() {
    tokio::task::yield_now().await;
}
