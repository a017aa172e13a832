//! Where a person is signed in, and ending it.

use latchkey_identity::session::{NoSuchSession, Session, SessionId, end_others, end_session};
use uuid::Uuid;

use super::problem::Problem;
use super::user_agent;
use super::visit::{Answer, Visit, moment};
use crate::pages::sessions::{SessionRow, Sessions};

/// `GET /profile/sessions`
pub(super) async fn show(visit: Visit) -> Answer {
    let mut sessions = visit.app.store.sessions_of(visit.account().id, visit.now()).await?;
    let here = visit.current.session.id;
    sessions.sort_by_key(|session| session.id != here);
    let row = |session: &Session| SessionRow {
        id: session.id.to_string(),
        browser: user_agent::in_words(&session.user_agent),
        address: session.address.clone(),
        since: moment(session.authenticated_at),
        seen: visit.ago(if session.id == here { visit.now() } else { session.used_at }),
        this: session.id == here,
    };
    let done = visit.asked("ended").and_then(|ended| ended.parse().ok()).map(done);
    visit.show(&Sessions { frame: visit.frame(), done, rows: sessions.iter().map(row).collect() })
}

/// `POST /profile/sessions/end`: ends one session, or all others.
pub(super) async fn end(visit: Visit) -> Answer {
    let ended = match visit.posted("session") {
        Some("others") => end_all_others(&visit).await?,
        Some(id) => {
            let id = Uuid::try_parse(id).map_err(|_| Problem::NotFound)?;
            end_one(&visit, SessionId(id)).await?
        }
        None => return Err(Problem::NotFound),
    };
    visit.go_to(&format!("/profile/sessions?ended={ended}"))
}

async fn end_one(visit: &Visit, id: SessionId) -> Result<usize, Problem> {
    let (store, by, here) = (&visit.app.store, visit.account().id, visit.current.session.id);
    let decided: Result<(), NoSuchSession> = store
        .decide(|| async {
            let session = store.session(id).await?;
            Ok(end_session(session.as_ref(), by, here, visit.now()).seen_from(&visit.address()))
        })
        .await?;
    decided.map(|()| 1).map_err(|NoSuchSession| Problem::NotFound)
}

async fn end_all_others(visit: &Visit) -> Result<usize, Problem> {
    let (store, by, here) = (&visit.app.store, visit.account().id, visit.current.session.id);
    let Ok(ended) = store
        .decide(|| async {
            let sessions = store.sessions_of(by, visit.now()).await?;
            Ok(end_others(&sessions, by, here, visit.now()).seen_from(&visit.address()))
        })
        .await?;
    Ok(ended)
}

fn done(ended: u32) -> String {
    match ended {
        0 => "There was no other session.".into(),
        1 => "One session was ended.".into(),
        more => format!("{more} sessions were ended."),
    }
}
