//! `latchkey check`: whether a server could start from a configuration, and what is wrong if not.

use std::fmt::Display;
use std::io;
use std::net::TcpListener;

use latchkey_identity::Timestamp;
use latchkey_store::{DatabaseUrl, OpenError, Options, Role, Store};
use latchkey_web::ClientAuthorities;
use time::{Duration, OffsetDateTime};
use tokio::net::UnixStream;
use x509_parser::parse_x509_certificate;

use crate::bootstrap;
use crate::config::origin::PlannedOrigin;
use crate::config::plan::Plan;
use crate::desk::report::{Report, Row, row};
use crate::mail::carrier::Carrier;
use crate::tls;

/// A certificate should be replaced before it has less than this left.
const RENEW_BEFORE: Duration = Duration::days(14);
/// Clocks may differ by this much.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(30);
/// This version did not exist earlier: 2026-01-01.
const EARLIEST: Timestamp = Timestamp::from_secs(1_767_225_600);

/// How something stands.
enum State {
    Good(String),
    /// It works, and somebody should look at it.
    Doubtful(String),
    Bad(String),
}

impl State {
    fn of<T>(outcome: Result<T, impl Display>, good: impl FnOnce(T) -> String) -> Self {
        match outcome {
            Ok(value) => Self::Good(good(value)),
            Err(error) => Self::Bad(error.to_string().trim_start_matches("error: ").replace("\n ", ";")),
        }
    }
}

/// Looks at everything, and says whether all is well.
pub(crate) async fn check(plan: &Plan) -> (Report, bool) {
    let mut found: Vec<(String, State)> = Vec::new();
    found.push(("configuration".into(), State::Good("read whole".into())));
    found
        .push(("master key".into(), State::of(plan.place.read_master_key(), |_| "readable by its owner alone".into())));
    let store = store(plan).await;
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000;
    let now = Timestamp::from_micros(i64::try_from(now).unwrap_or(i64::MAX));
    found.push(("clock".into(), clock(store.as_ref().ok(), now).await));
    found.push((
        "database".into(),
        match store {
            Ok(_) => State::Good("opens, and its schema is this version's".into()),
            Err(state) => state,
        },
    ));
    found.push((
        "git".into(),
        State::of(bootstrap::open_repositories(&plan.place).await, |_| "found, and young enough".into()),
    ));
    found.push(("mail".into(), mail(plan).await));
    if plan.tls.client_authorities.is_some() {
        let read = tls::read_client_authorities(&plan.tls, &ClientAuthorities::default());
        let state = State::of(read, |()| "they vouch for certificates of clients".into());
        found.push(("client authorities".into(), state));
    }
    let running = UnixStream::connect(plan.place.socket()).await.is_ok();
    for planned in &plan.origins {
        found.push((planned.origin.url.to_string(), listener(planned, running)));
    }
    let healthy = !found.iter().any(|(_, state)| matches!(state, State::Bad(_)));
    let rows = found.iter().map(|(what, state)| row(what, state)).collect();
    (Report::list(&["check", "state", "detail"], rows), healthy)
}

fn row(what: &str, state: &State) -> Row {
    let (state, detail) = match state {
        State::Good(detail) => ("ok", detail),
        State::Doubtful(detail) => ("look", detail),
        State::Bad(detail) => ("bad", detail),
    };
    row! { "check": what, "state": state, "detail": detail }
}

/// Whether the mail server takes mail from us. A server starts without it, and tries again and again.
async fn mail(plan: &Plan) -> State {
    let Some(planned) = &plan.mail else {
        return State::Good("not configured: nobody is told of anything by mail".into());
    };
    let carrier = match Carrier::to_server(planned) {
        Ok(carrier) => carrier,
        Err(failure) => return State::of(Err::<(), _>(failure), |()| String::new()),
    };
    match carrier.test().await {
        Ok(()) => State::Good(format!("{} answers and lets us in", planned.host)),
        Err(error) => State::Doubtful(error.to_string()),
    }
}

/// The database, as a reader sees it: a server may be at work.
async fn store(plan: &Plan) -> Result<Store, State> {
    if let DatabaseUrl::Sqlite(path) = &plan.place.database
        && !path.exists()
    {
        return Err(State::Good("not there yet: the first start makes it".into()));
    }
    let options = Options { role: Role::Reader, ..Options::default() };
    Store::open_with(&plan.place.database, options).await.map_err(|error| match error {
        OpenError::OlderSchema { found: 0, .. } => State::Good("empty yet: the first start makes its tables".into()),
        OpenError::OlderSchema { .. } => {
            State::Doubtful("the next start brings its schema up to date: keep a copy".into())
        }
        error => State::Bad(error.to_string()),
    })
}

/// Whether the clock can be right: nothing on record lies in its future.
async fn clock(store: Option<&Store>, now: Timestamp) -> State {
    let shown = latchkey_devops::date::format(now);
    if now < EARLIEST {
        return State::Bad(format!("{shown} is before this version was made"));
    }
    let Some(store) = store else { return State::Good(shown) };
    let newest = async {
        let mut newest = EARLIEST;
        for tenant in store.tenants().await? {
            let events = store.audit_events(tenant.id.0, None, 1).await?;
            newest = events.iter().map(|event| event.event.at).fold(newest, Timestamp::max);
        }
        Ok::<_, latchkey_store::StoreError>(newest)
    };
    match newest.await {
        Ok(newest) if newest > now + CLOCK_SKEW => {
            let then = latchkey_devops::date::format(newest);
            State::Bad(format!("it is {shown}, but something is on record for {then}"))
        }
        Ok(_) => State::Good(shown),
        Err(error) => State::Bad(error.to_string()),
    }
}

fn listener(planned: &PlannedOrigin, running: bool) -> State {
    let port = if running { Ok("the server is running".to_owned()) } else { free(planned) };
    let port = match port {
        Ok(port) => port,
        Err(error) => return State::Bad(format!("{} cannot be listened on: {error}", planned.listen)),
    };
    let Some(files) = &planned.certificate else { return State::Good(port) };
    let chain = match tls::read(files).and_then(|_| tls::read_certificates(&files.certificate)) {
        Ok(chain) => chain,
        Err(failure) => return State::of(Err::<(), _>(failure), |()| String::new()),
    };
    let end = chain.first().and_then(|certificate| {
        let (_, certificate) = parse_x509_certificate(certificate).ok()?;
        Some(certificate.validity().not_after.to_datetime())
    });
    let Some(end) = end else { return State::Bad("the certificate cannot be read".into()) };
    let left = end - OffsetDateTime::now_utc();
    let days = left.whole_days();
    if left.is_negative() {
        State::Bad(format!("the certificate ended {} days ago", -days))
    } else if left < RENEW_BEFORE {
        State::Doubtful(format!("{port}; the certificate ends in {days} days"))
    } else {
        State::Good(format!("{port}; the certificate lives {days} days more"))
    }
}

fn free(planned: &PlannedOrigin) -> io::Result<String> {
    TcpListener::bind(planned.listen).map(|_| format!("{} is free", planned.listen))
}
