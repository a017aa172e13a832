//! What people are told by mail.

use std::time::Duration;

use futures_util::future::join_all;
use latchkey_devops::policy::AuthorizePolicy;
use latchkey_devops::sunset::TOLD_DAYS_BEFORE;
use latchkey_identity::client::Client;
use latchkey_identity::limits::LEGACY_SECRET_DAYS;
use latchkey_store::outbox::{Ending, Queued};
use latchkey_testkit::builders::a_web_app;
use latchkey_testkit::{OldApp, Person, World, on_both_databases};

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);

/// The mail that is to leave now, which leaves.
async fn delivered(world: &World) -> Vec<Queued> {
    let mail = world.store().mail_due(world.now(), 100).await.unwrap();
    for one in &mail {
        world.store().end_mail(one, Ending::Sent, world.now()).await.unwrap();
    }
    mail
}

/// To whom each goes, in order.
fn readers(mail: &[Queued]) -> Vec<&str> {
    let mut readers: Vec<&str> = mail.iter().map(|mail| mail.address.as_deref().unwrap()).collect();
    readers.sort_unstable();
    readers
}

fn to<'a>(mail: &'a [Queued], name: &str) -> &'a Queued {
    let is_theirs = |mail: &&Queued| mail.address.as_deref().is_some_and(|address| address.starts_with(name));
    mail.iter().find(is_theirs).unwrap_or_else(|| panic!("nothing for {name}: {mail:?}"))
}

async fn remind(world: &World) {
    world.parts().remind().await.unwrap();
}

async fn owned_by(world: &World, app: &OldApp, person: &Person) {
    let client = world.store().client(app.id).await.unwrap().unwrap();
    let owned = Client { owner: Some(person.id()), version: client.version + 1, ..(*client).clone() };
    let change = latchkey_identity::Change::ChangeClient { client: Box::new(owned), from_version: client.version };
    world.becomes([change]).await;
}

#[test]
fn who_approves_a_device_is_told_each_time_since_that_is_how_keys_are_talked_away() {
    on_both_databases(async |world| {
        let (ana, beacon) = (world.ana(), world.app("beacon"));
        ana.authorizes("beacon").await;
        world.store().open_outbox();
        let device = beacon.begins_on_a_device().await;
        assert_eq!(ana.approves_on(&device).await.heading(), "You can go back to your device");
        let mail = delivered(&world).await;
        assert_eq!(readers(&mail), ["ana@harbor.test"]);
        assert!(mail[0].body.contains("beacon at your device."), "{}", mail[0].body);
    });
}

#[test]
fn who_approves_a_service_is_told_once_and_without_an_outbox_nobody_is() {
    on_both_databases(async |world| {
        let (ana, max) = (world.ana(), world.max());
        max.authorizes("burndown").await;
        world.store().open_outbox();
        assert_eq!(delivered(&world).await, []);
        ana.authorizes("burndown").await;
        let mail = delivered(&world).await;
        assert_eq!(readers(&mail), ["ana@harbor.test"]);
        assert_eq!(mail[0].subject, "burndown can now act for you");
        let id = world.store().authorizations_of(ana.id()).await.unwrap()[0].authorization.id;
        for said in [
            "Hello ",
            "at burndown.test.",
            "  - Read the work items",
            &format!("https://latchkey.test/profile/authorizations/{id}"),
        ] {
            assert!(mail[0].body.contains(said), "{said}: {}", mail[0].body);
        }
        assert!(ana.opens(&format!("/profile/authorizations/{id}")).await.says("burndown"));
        // Silently reused, or asked for more: it is the same authorization.
        ana.authorizes("burndown").await;
        assert_eq!(delivered(&world).await, []);
        // Taken back and given again, it begins anew.
        ana.revokes_all().await;
        ana.authorizes("burndown").await;
        assert_eq!(delivered(&world).await.len(), 1);
        // Who denies approves nothing.
        let page = ana.goes_to(&world.app("compass").request()).await.page();
        page.press("deny").await.left();
        assert_eq!(delivered(&world).await, []);
    });
}

#[test]
fn administrators_are_told_once_an_hour_that_requests_wait_and_who_asked_what_became_of_it() {
    on_both_databases(async |world| {
        world.store().open_outbox();
        world.decides(|policy| policy.authorize = AuthorizePolicy::Approval).await;
        let (ben, max) = (world.ben(), world.max());
        let asks = async |app: &str| {
            let request = world.app(app).asking("openid offline_access vso.work").request();
            let page = ben.goes_to(&request).await.page().fill("sentence", "Click http://evil.test now");
            page.press(&format!("ask-{}", world.organization("harbor"))).await.page();
        };
        asks("burndown").await;
        asks("compass").await;
        let mail = delivered(&world).await;
        assert!(readers(&mail).contains(&"ana@harbor.test") && readers(&mail).contains(&"max@harbor.test"), "{mail:?}");
        let administrators = mail.len();
        assert!(!mail.iter().any(|mail| mail.address.as_deref() == Some("ben@harbor.test")));
        let told = to(&mail, "max");
        assert!(told.body.contains("https://latchkey.test/organizations/harbor/requests"), "{}", told.body);
        assert!(!told.body.contains("evil"), "nothing in it comes from who asked");

        let page = max.opens("/organizations/harbor/requests").await;
        let ids = page.attributes("data-request");
        let page = page.press(&format!("approve-{}", ids[0])).await.page();
        page.press(&format!("deny-{}", ids[1])).await.page();
        let mail = delivered(&world).await;
        assert_eq!(readers(&mail), ["ben@harbor.test"; 2]);
        let mut subjects: Vec<&str> = mail.iter().map(|mail| mail.subject.as_str()).collect();
        subjects.sort_unstable();
        assert!(
            subjects[0].starts_with("You can use ") && subjects[1].ends_with(" in harbor was denied"),
            "{subjects:?}"
        );

        // What comes within the hour is told when it is over.
        let denied = if subjects[1].contains("compass") { "compass" } else { "burndown" };
        asks(denied).await;
        assert_eq!(delivered(&world).await, []);
        world.later(HOUR);
        assert_eq!(delivered(&world).await.len(), administrators);
    });
}

#[test]
fn owners_people_and_administrators_are_told_of_the_end_on_four_days() {
    on_both_databases(async |world: World| {
        let (ana, pat, dee) = (world.ana(), world.pat(), world.dee());
        let app = world.takes_over("oldtimer").await;
        owned_by(&world, &app, &dee).await;
        app.authorized_by(&ana).await;
        world.store().open_outbox();
        remind(&world).await;
        assert_eq!(delivered(&world).await, [], "there is no date");
        let end = world.now() + DAY * 100;
        world.ends_older_apps(None, Some(end)).await;
        remind(&world).await;
        assert_eq!(delivered(&world).await, [], "it is far away");
        world.later(DAY * 10);
        for days in TOLD_DAYS_BEFORE {
            let left = end.since(world.now()) - DAY * u32::try_from(days).unwrap();
            world.later(left);
            remind(&world).await;
            remind(&world).await;
            let mail: Vec<Queued> =
                delivered(&world).await.into_iter().filter(|mail| mail.subject.contains("older kind")).collect();
            let (owner, person, administrator) = (to(&mail, "dee"), to(&mail, "ana"), to(&mail, "max"));
            let unit = if days == 1 { "day" } else { "days" };
            assert_eq!(owner.subject, format!("Apps of the older kind stop working in harbor in {days} {unit}"));
            assert!(owner.body.contains(&format!("https://latchkey.test/apps/{}", app.id)), "{}", owner.body);
            assert!(owner.body.contains("Move the app before then."), "{}", owner.body);
            assert!(person.body.contains("You have authorized these:\n\n  - oldtimer"), "{}", person.body);
            assert!(administrator.body.contains("/organizations/harbor/older-apps"), "{}", administrator.body);
            assert!(readers(&mail).contains(&pat.email()), "an administrator of another directory");
            assert!(!readers(&mail).contains(&"ben@harbor.test"), "it does not concern him");
            let (count, mut one_each) = (mail.len(), readers(&mail));
            one_each.dedup();
            assert_eq!(one_each.len(), count, "one mail to each, whatever they are");
        }
        world.later(DAY * 2);
        remind(&world).await;
        let after = delivered(&world).await;
        assert!(!after.iter().any(|mail| mail.subject.contains("older kind")), "it is over: {after:?}");
    });
}

#[test]
fn an_owner_who_does_not_belong_to_an_organization_is_not_told_its_name() {
    on_both_databases(async |world: World| {
        let eve = world.eve();
        let app = world.takes_over("oldtimer").await;
        owned_by(&world, &app, &eve).await;
        world.store().open_outbox();
        world.ends_older_apps(None, Some(world.now() + DAY * 30)).await;
        remind(&world).await;
        let mail = delivered(&world).await;
        let told = to(&mail, "eve");
        assert!(told.body.contains(&format!("/apps/{}", app.id)) && told.body.contains("30 days"), "{}", told.body);
        assert!(!told.body.contains("harbor") && !told.subject.contains("harbor"), "{told:?}");
    });
}

#[test]
fn who_was_not_told_on_the_day_is_told_later_and_of_a_date_that_moved_anew() {
    on_both_databases(async |world: World| {
        world.takes_over("oldtimer").await;
        let end = world.now() + DAY * 40;
        world.ends_older_apps(None, Some(end)).await;
        remind(&world).await;
        // Only now there is a mail server: nobody has been told before.
        world.store().open_outbox();
        let sunsets = async || {
            remind(&world).await;
            let mail = delivered(&world).await.into_iter();
            mail.filter(|mail| mail.address.as_deref() == Some("max@harbor.test"))
                .map(|mail| mail.subject)
                .collect::<Vec<_>>()
        };
        let said = |days: u32| vec![format!("Apps of the older kind stop working in harbor in {days} days")];
        assert_eq!(sunsets().await, said(40), "set when ninety days were over");
        // No node was at work for two weeks: the thirty days are told of, as many as they are now.
        world.later(DAY * 14);
        assert_eq!(sunsets().await, said(26));
        assert_eq!(sunsets().await, [""; 0]);
        // There and back again: whoever read the other date reads the right one.
        world.ends_older_apps(None, Some(end + DAY * 3)).await;
        assert_eq!(sunsets().await, said(29));
        world.ends_older_apps(None, Some(end)).await;
        assert_eq!(sunsets().await, said(26));
        // An organization that lets none in has nothing that could end.
        world.later(DAY * 20);
        world.decides(|policy| policy.legacy_apps = false).await;
        assert_eq!(sunsets().await, [""; 0]);
    });
}

#[test]
fn owners_are_told_that_a_secret_ends_and_apps_without_one_tell_the_directory() {
    on_both_databases(async |world: World| {
        let (dee, ana) = (world.dee(), world.ana());
        let (owned, alone) = (world.takes_over("oldtimer").await, world.takes_over("oldster").await);
        owned_by(&world, &owned, &dee).await;
        world.store().open_outbox();
        world.later(DAY * (LEGACY_SECRET_DAYS - 31));
        remind(&world).await;
        assert_eq!(delivered(&world).await, []);
        for days in [30, 7, 1] {
            let ends = world.store().client(owned.id).await.unwrap().unwrap().secrets[0].expires_at;
            world.later(ends.since(world.now()) - DAY * days);
            remind(&world).await;
            remind(&world).await;
            let mail = delivered(&world).await;
            let unit = if days == 1 { "day" } else { "days" };
            assert_eq!(to(&mail, "dee").subject, format!("A secret of oldtimer ends in {days} {unit}"));
            assert!(to(&mail, "dee").body.contains(&format!("https://latchkey.test/apps/{}", owned.id)));
            let (about_alone, about_owned): (Vec<_>, Vec<_>) =
                mail.iter().partition(|mail| mail.subject.contains("oldster"));
            assert_eq!(about_owned.len(), 1, "{mail:?}");
            assert!(!about_alone.is_empty(), "{mail:?}");
            for one in about_alone {
                let account = world.store().credentials(one.address.as_deref().unwrap()).await.unwrap().unwrap().0;
                assert!(account.tenant_administrator && account.tenant == world.harbor());
            }
            // The page says so too, in the last two weeks.
            let page = dee.opens(&format!("/apps/{}", owned.id)).await;
            assert_eq!(page.says(&format!("Ends in {days} {unit}")), days <= 14, "{}", page.text());
        }
        assert_eq!(ana.opens(&format!("/apps/{}", alone.id)).await.status(), 200);
    });
}

#[test]
fn of_64_nodes_that_remind_each_tells_or_none_and_together_once() {
    on_both_databases(async |world: World| {
        world.takes_over("oldtimer").await;
        world.registers(a_web_app("keyring")).await;
        world.ends_older_apps(None, Some(world.now() + DAY * 5)).await;
        world.store().open_outbox();
        let nodes = (0..64).map(|_| {
            let app = world.parts().clone();
            tokio::spawn(async move { app.remind().await })
        });
        for node in join_all(nodes).await {
            node.unwrap().unwrap();
        }
        let mail = delivered(&world).await;
        let mut readers = readers(&mail);
        assert!(readers.contains(&"max@harbor.test"));
        let count = readers.len();
        readers.dedup();
        assert_eq!(readers.len(), count, "{mail:?}");
    });
}
