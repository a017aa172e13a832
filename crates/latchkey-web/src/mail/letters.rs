//! What mails say: plain text, one thing each, with the way to do something about it.

use std::fmt::Write as _;

use latchkey_devops::approval_request::Verdict;
use latchkey_devops::date;
use latchkey_devops::sunset_notice::SunsetNotice;
use latchkey_identity::Timestamp;
use latchkey_identity::client::ClientId;

/// A mail without its head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Text {
    /// What it is about.
    pub(super) subject: String,
    /// What it says, after the greeting.
    pub(super) body: String,
}

/// A service that was approved.
pub(super) struct Approved<'a> {
    /// Its name.
    pub(super) app: &'a str,
    /// The host it sends people back to.
    pub(super) host: &'a str,
    /// What it can do now.
    pub(super) may: &'a [String],
    /// Where that can be looked at and taken back.
    pub(super) details: &'a str,
}

pub(super) fn approved(origin: &str, approved: &Approved<'_>) -> Text {
    let Approved { app, host, may, details } = approved;
    let mut body = format!("you have just approved {app} at {host}. It can now:\n\n");
    for one in *may {
        let _ = writeln!(body, "  - {one}");
    }
    let _ = write!(
        body,
        "\nIt never sees your password. If this was not you, or you have changed your mind, take it back here:\n\n  \
         {origin}{details}\n\nIf this was not you, tell your administrators, and end what else is signed in as you:\n\n  \
         {origin}/profile/sessions"
    );
    Text { subject: format!("{app} can now act for you"), body }
}

pub(super) fn password_changed(origin: &str, email: &str) -> Text {
    Text {
        subject: "Your password was changed".into(),
        body: format!(
            "the password of {email} was changed by whoever runs this server.\n\nIf you know nothing of it, ask them at once, and look \
             who is signed in as you:\n\n  {origin}/profile/sessions"
        ),
    }
}

pub(super) fn own_password_changed(origin: &str, email: &str) -> Text {
    Text {
        subject: "Your password was changed".into(),
        body: format!(
            "the password of {email} was changed by somebody who was signed in as you and knew the one before. Everybody else who was \
             signed in as you is so no more.\n\nIf that was not you, ask whoever runs this server for another password at once, and look \
             what was done as you:\n\n  {origin}/profile/activity"
        ),
    }
}

/// Nothing in it comes from who asked: an administrator reads that on the page, beside what is known of them.
pub(super) fn request_arrived(origin: &str, organization: &str) -> Text {
    Text {
        subject: format!("A service waits for your approval in {organization}"),
        body: format!(
            "a member of {organization} asks you to let them use a service. See who asks, for what, and answer:\n\n  \
             {origin}/organizations/{organization}/requests\n\nYou get at most one such mail an hour; the page shows all that waits."
        ),
    }
}

pub(super) fn request_answered(origin: &str, organization: &str, app: &str, verdict: Verdict) -> Text {
    match verdict {
        Verdict::Approved => Text {
            subject: format!("You can use {app} in {organization} now"),
            body: format!(
                "an administrator of {organization} approved what you asked for: you can authorize {app} there now. Go back to {app} and \
                 connect once more.\n\nWhat you asked for, and every key that is out:\n\n  {origin}/profile/authorizations"
            ),
        },
        Verdict::Denied => Text {
            subject: format!("Your request for {app} in {organization} was denied"),
            body: format!(
                "an administrator of {organization} denied your request to use {app} there. You can ask again.\n\nWhat you asked \
                 for:\n\n  {origin}/profile/authorizations"
            ),
        },
    }
}

/// What a mail about the end of the older kind in an organization says to one person, in all that they are.
pub(super) struct Sunset<'a> {
    /// The organization.
    pub(super) organization: &'a str,
    /// How many days are left.
    pub(super) days: u64,
    /// What to say to who owns apps, and those: name and client id.
    pub(super) owned: Option<(SunsetNotice, Vec<(String, String)>)>,
    /// What to say to who authorized some, and their names.
    pub(super) used: Option<(SunsetNotice, Vec<String>)>,
    /// What to say to an administrator.
    pub(super) administered: Option<SunsetNotice>,
}

pub(super) fn sunset(origin: &str, told: &Sunset<'_>) -> Text {
    let mut parts = Vec::new();
    if let Some((notice, apps)) = &told.owned {
        let mut part =
            format!("{}\n\nThese apps are yours. The page of each shows what its code must change:\n", notice.sentence);
        for (name, id) in apps {
            let _ = write!(part, "\n  - {name}: {origin}/apps/{id}");
        }
        parts.push(part);
    }
    if let Some((notice, apps)) = &told.used {
        let mut part = format!("{}\n\nYou have authorized these:\n", notice.sentence);
        for name in apps {
            let _ = write!(part, "\n  - {name}");
        }
        let _ = write!(part, "\n\nEvery key that is out: {origin}/profile/authorizations");
        parts.push(part);
    }
    if let Some(notice) = &told.administered {
        let sentence = notice.sentence.replace("See below who", "See here who");
        parts.push(format!("{sentence}\n\n  {origin}/organizations/{}/older-apps", told.organization));
    }
    Text {
        subject: format!("Apps of the older kind stop working in {} {}", told.organization, within(told.days)),
        body: parts.join("\n\n"),
    }
}

/// A client secret that ends soon.
pub(super) struct EndingSecret<'a> {
    /// The name of its app.
    pub(super) app: &'a str,
    /// The id of its app.
    pub(super) client: ClientId,
    /// What people know it by.
    pub(super) label: &'a str,
    /// When it ends.
    pub(super) ends_at: Timestamp,
    /// How many days are left.
    pub(super) days: u64,
}

pub(super) fn secret_ends(origin: &str, secret: &EndingSecret<'_>) -> Text {
    let EndingSecret { app, client, label, ends_at, days } = secret;
    let (day, left) = (date::in_words(*ends_at), within(*days));
    Text {
        subject: format!("A secret of {app} ends {left}"),
        body: format!(
            "the secret {label} of {app} ends {left}, on {day}. From then on {app} cannot get or refresh tokens with it.\n\nTwo secrets \
             can live at a time: add a new one, change the service, then remove the old one.\n\n  {origin}/apps/{client}"
        ),
    }
}

fn within(days: u64) -> String {
    match days {
        0 => "in less than a day".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ORIGIN: &str = "https://id.test";

    #[test]
    fn who_approved_reads_what_the_service_can_do_and_how_to_take_it_back() {
        let may = ["Read the work items".to_owned(), "Read the code".to_owned()];
        let told = approved(
            ORIGIN,
            &Approved { app: "Burndown", host: "burndown.test", may: &may, details: "/profile/authorizations/1" },
        );
        assert_eq!(told.subject, "Burndown can now act for you");
        assert!(told.body.contains("at burndown.test. It can now:\n\n  - Read the work items\n  - Read the code\n\n"));
        assert!(told.body.contains("https://id.test/profile/authorizations/1"));
    }

    #[test]
    fn a_sunset_is_told_once_in_all_that_somebody_is() {
        let notice = |sentence: &str| SunsetNotice { urgent: false, sentence: sentence.to_owned() };
        let told = sunset(
            ORIGIN,
            &Sunset {
                organization: "harbor",
                days: 1,
                owned: Some((notice("Move it."), vec![("Old CI".into(), "c-1".into())])),
                used: Some((notice("Ask."), vec!["Old CI".into()])),
                administered: Some(notice("It ends. See below who still uses one.")),
            },
        );
        assert_eq!(told.subject, "Apps of the older kind stop working in harbor in 1 day");
        for part in
            ["https://id.test/apps/c-1", "Ask.", "See here who", "https://id.test/organizations/harbor/older-apps"]
        {
            assert!(told.body.contains(part), "{part}: {}", told.body);
        }
    }

    #[test]
    fn a_secret_that_ends_is_named_by_its_hint() {
        let secret = EndingSecret {
            app: "Burndown",
            client: ClientId(Uuid::nil()),
            label: "lks_abcd…",
            ends_at: Timestamp::from_secs(1_790_000_000),
            days: 7,
        };
        let told = secret_ends(ORIGIN, &secret);
        assert_eq!(told.subject, "A secret of Burndown ends in 7 days");
        assert!(told.body.contains("lks_abcd… of Burndown ends in 7 days, on 21 September 2026."), "{}", told.body);
    }
}
