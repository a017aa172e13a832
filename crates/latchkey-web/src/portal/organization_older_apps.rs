//! The end of apps of the older OAuth kind in an organization, and who uses one, for its administrators.

use latchkey_devops::access::Action;
use latchkey_devops::date;
use latchkey_devops::sunset::{Sunset, SunsetError};
use latchkey_devops::sunset_notice::{Reader, notice};
use latchkey_identity::Timestamp;
use latchkey_store::devops::organizations::change_sunset;
use latchkey_store::{Changes, StoreError};

use super::legacy_app;
use super::organization::Entered;
use super::problem::Problem;
use super::visit::{Answer, Visit};
use crate::pages::legacy_app::{Notice, OlderAppRow, OrganizationOlderApps};
use crate::pages::{Problem as Wrong, Problems};

/// `GET /organizations/{organization}/older-apps`
pub(super) async fn show(visit: Visit) -> Answer {
    let entered = Entered::read(&visit).await?;
    entered.may(&visit, Action::AdministerOrganization)?;
    let sunset = entered.facts.organization.policy.sunset;
    let field = |at: Option<Timestamp>| at.map(date::field).unwrap_or_default();
    let typed = Typed { warn_from: field(sunset.warn_from()), refuse_from: field(sunset.refuse_from()) };
    visit.show(&page(&visit, &entered, typed, Problems::default()).await?)
}

/// What stands in the two fields.
struct Typed {
    warn_from: String,
    refuse_from: String,
}

async fn page(
    visit: &Visit,
    entered: &Entered,
    typed: Typed,
    problems: Problems,
) -> Result<OrganizationOlderApps, Problem> {
    Ok(OrganizationOlderApps {
        frame: visit.frame(),
        name: entered.name().to_owned(),
        saved: visit.asked("saved").is_some(),
        problems,
        notice: told(visit, entered),
        let_in: entered.facts.organization.policy.legacy_apps,
        warn_from: typed.warn_from,
        refuse_from: typed.refuse_from,
        apps: apps(visit, entered).await?,
    })
}

/// What the administrators are told of the end, if anything.
pub(super) fn told(visit: &Visit, entered: &Entered) -> Option<Notice> {
    let sunset = entered.facts.organization.policy.sunset;
    notice(sunset, entered.name(), Reader::Administrator, visit.now()).map(legacy_app::shown)
}

/// The apps that the organization took over, by name, with how many people let each in here.
pub(super) async fn apps(visit: &Visit, entered: &Entered) -> Result<Vec<OlderAppRow>, StoreError> {
    let store = &visit.app.store;
    let taken_over = store.legacy_apps_of(entered.facts.id().0).await?;
    if taken_over.is_empty() {
        return Ok(Vec::new());
    }
    let mut let_in = store.legacy_apps_let_into(entered.facts.id(), visit.now()).await?;
    let mut rows = Vec::new();
    for id in taken_over {
        let (Some(client), Some(app)) = (store.client(id).await?, store.legacy_app(id).await?) else { continue };
        let (people, last) = let_in.remove(&id).unwrap_or_default();
        rows.push(OlderAppRow {
            client_id: id.to_string(),
            name: client.name.clone(),
            company: app.company,
            people,
            last_used: last.map(|at| visit.ago(at)),
            moved: store.legacy_app_moved_to(id).await?.is_some(),
        });
    }
    rows.sort_by(|one, other| (&one.name, &one.client_id).cmp(&(&other.name, &other.client_id)));
    Ok(rows)
}

/// `POST /organizations/{organization}/older-apps`: sets or moves the end. An empty field is no date.
pub(super) async fn save(visit: Visit) -> Answer {
    let text = |name: &str| visit.posted(name).unwrap_or_default().trim().to_owned();
    let typed = Typed { warn_from: text("warn_from"), refuse_from: text("refuse_from") };
    let sunset = match sunset(&typed) {
        Ok(sunset) => sunset,
        Err((field, sentence)) => {
            let entered = Entered::read(&visit).await?;
            entered.may(&visit, Action::AdministerOrganization)?;
            let problems = Problems(vec![Wrong { field: field.to_owned(), sentence }]);
            return visit.show_again(&page(&visit, &entered, typed, problems).await?);
        }
    };
    let entered = visit
        .app
        .store
        .decide(|| async {
            let entered = match Entered::administered(&visit).await? {
                Ok((entered, _)) => entered,
                Err(problem) => return Ok((Err(problem), Changes::none())),
            };
            // Saying again what holds already changes nothing. A date that was set to the minute stays as long as its day does.
            let present = entered.facts.organization.policy.sunset;
            let changes = if same_days(present, sunset) {
                Changes::none()
            } else {
                change_sunset(&entered.facts, sunset, &visit.author())
            };
            Ok((Ok(entered), changes))
        })
        .await??;
    visit.go_to(&format!("/organizations/{}/older-apps?saved=1", entered.name()))
}

fn same_days(one: Sunset, other: Sunset) -> bool {
    let days = |sunset: Sunset| (sunset.warn_from().map(date::field), sunset.refuse_from().map(date::field));
    days(one) == days(other)
}

/// The sunset that the fields say, or what is wrong with which of them.
fn sunset(typed: &Typed) -> Result<Sunset, (&'static str, String)> {
    let read = |field, text: &str| match text {
        "" => Ok(None),
        text => day(text).map(Some).ok_or((field, "Write the date as year-month-day, like 2027-03-31.".to_owned())),
    };
    let (warn_from, refuse_from) = (read("warn-from", &typed.warn_from)?, read("refuse-from", &typed.refuse_from)?);
    Sunset::new(warn_from, refuse_from)
        .map_err(|error @ SunsetError::WarningAfterTheEnd| ("warn-from", error.to_string()))
}

/// A day, and nothing but a day, of a year that people mean.
fn day(text: &str) -> Option<Timestamp> {
    let at = date::parse(text)?;
    (text.len() == 10 && at > Timestamp::from_secs(0) && date::field(at) == text).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(warn_from: &str, refuse_from: &str) -> Result<Sunset, &'static str> {
        let typed = Typed { warn_from: warn_from.to_owned(), refuse_from: refuse_from.to_owned() };
        sunset(&typed).map_err(|(field, _)| field)
    }

    #[test]
    fn an_empty_field_is_no_date_and_what_is_no_day_is_told_at_its_field() {
        assert_eq!(read("", ""), Ok(Sunset::NONE));
        let both = read("2027-01-01", "2027-03-31").unwrap();
        assert_eq!(both.refuse_from().map(date::field).as_deref(), Some("2027-03-31"));
        assert_eq!(read("tomorrow", ""), Err("warn-from"));
        for nonsense in ["2027-13-01", "2027-02-30", "31.03.2027", "2027-03-31T10:00:00Z", "20270331", "-0001-01-01"] {
            assert_eq!(read("", nonsense), Err("refuse-from"), "{nonsense}");
        }
        assert_eq!(read("2027-04-01", "2027-03-31"), Err("warn-from"));
    }

    #[test]
    fn a_date_that_was_set_to_the_minute_is_the_same_day() {
        let minute = Sunset::new(None, date::parse("2027-03-31T10:15:00Z")).unwrap();
        assert!(same_days(minute, read("", "2027-03-31").unwrap()));
        assert!(!same_days(minute, Sunset::NONE));
    }
}
