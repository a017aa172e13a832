//! Real conversations with mail servers of our own, on loopback.

use std::sync::{Arc, Mutex};

use latchkey_identity::account::{Account, AccountId, AccountState};
use latchkey_identity::tenant::{Tenant, TenantId, TenantKind};
use latchkey_identity::{Change, Decision, Timestamp};
use latchkey_store::{AuditEvent, Changes, Letter, StoreError};
use lettre::message::Mailbox;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::carrier::message;
use super::*;
use crate::authority::Authority;
use crate::config::mail::{PlannedMail, Privacy};
use crate::config::outbound::PlannedOutbound;
use crate::config::tls::PlannedTls;
use crate::place::Place;
use crate::tls::{self, Certificates, ClientCertificates};

const TENANT: Uuid = Uuid::from_u128(1);
const ANA: Uuid = Uuid::from_u128(2);

/// What one conversation brought: the envelope's lines, and the mail.
#[derive(Clone, Debug, Default)]
struct Heard {
    lines: Vec<String>,
    mail: String,
}

type Post = Arc<Mutex<Vec<Heard>>>;

/// How a mail server behaves.
#[derive(Clone, Copy)]
enum Manner {
    /// Takes everything, over plain text.
    Plain,
    /// Turns to TLS when asked, and takes nothing before.
    StartTls,
    /// Speaks TLS from the first byte.
    Tls,
    /// Says that it knows nobody of that name.
    KnowsNobody,
    /// Says that it is too busy for this one.
    Busy,
    /// Lets nobody in, in words that are for good.
    LetsNobodyIn,
}

/// A mail server that speaks enough of RFC 5321. Its port, and the mail it took.
async fn a_mail_server(manner: Manner, tls: Option<Arc<rustls::ServerConfig>>) -> (u16, Post) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let post = Post::default();
    let taken = Arc::clone(&post);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (taken, tls) = (Arc::clone(&taken), tls.clone());
            tokio::spawn(async move {
                let acceptor = tls.map(tokio_rustls::TlsAcceptor::from);
                match (manner, acceptor) {
                    (Manner::Tls, Some(acceptor)) => {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        converse(stream, true, manner, &taken).await;
                    }
                    (Manner::StartTls, Some(acceptor)) => {
                        let Some(stream) = converse(stream, true, manner, &taken).await else { return };
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        converse(stream, false, Manner::Plain, &taken).await;
                    }
                    _ => {
                        converse(stream, true, manner, &taken).await;
                    }
                }
            });
        }
    });
    (port, post)
}

/// One conversation; the stream again when it is to turn to TLS.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    greet: bool,
    manner: Manner,
    taken: &Post,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    if greet {
        stream.write_all(b"220 mail.test ESMTP\r\n").await.ok()?;
    }
    let mut heard = Heard::default();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match (verb.as_str(), manner) {
            ("EHLO", Manner::StartTls) => "250-mail.test\r\n250 STARTTLS\r\n",
            ("EHLO" | "HELO", Manner::LetsNobodyIn) => "550 go away\r\n",
            ("EHLO", _) => "250-mail.test\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n",
            ("STARTTLS", Manner::StartTls) => {
                stream.write_all(b"220 go ahead\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            (_, Manner::StartTls) if verb != "QUIT" => "530 Must issue a STARTTLS command first\r\n",
            ("AUTH", _) => "235 welcome\r\n",
            ("RCPT", Manner::Busy) => "450 busy\r\n",
            ("RCPT", Manner::KnowsNobody) => "550 no such user here\r\n",
            ("DATA", _) => {
                stream.write_all(b"354 go ahead\r\n").await.ok()?;
                loop {
                    let mut text = String::new();
                    stream.read_line(&mut text).await.ok()?;
                    if text == ".\r\n" || text.is_empty() {
                        break;
                    }
                    heard.mail.push_str(text.strip_prefix('.').unwrap_or(&text));
                }
                taken.lock().unwrap().push(heard.clone());
                heard = Heard::default();
                "250 taken\r\n"
            }
            ("QUIT", _) => {
                stream.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            _ => "250 ok\r\n",
        };
        heard.lines.push(line);
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

fn planned(port: u16, privacy: Privacy) -> PlannedMail {
    PlannedMail {
        host: "localhost".into(),
        port,
        privacy,
        user: None,
        from: "Latchkey <latchkey@example.com>".parse().unwrap(),
        authority: None,
    }
}

/// A server's app with an open outbox, with the time of the system; the folder it is in goes with it.
async fn an_app() -> (App, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::in_folder(folder.path());
    let settings = latchkey_web::Settings {
        origins: vec![],
        behind_proxy: false,
        client_authorities: latchkey_web::ClientAuthorities::default(),
        hashing_permits: 1,
        hashing_queue: 1,
        demo: false,
    };
    let app =
        crate::bootstrap::open(&place, &[7; 32], settings, PlannedOutbound::default().client().unwrap()).await.unwrap();
    app.store.open_outbox();
    let tenant =
        Tenant { id: TenantId(TENANT), kind: TenantKind::Work, name: "Harbor".into(), domain: "harbor.test".into() };
    let account = Box::new(Account {
        id: AccountId(ANA),
        tenant: tenant.id,
        email: "ana@harbor.test".into(),
        email_verified: true,
        name: "Ana".into(),
        state: AccountState::Active,
        tenant_administrator: false,
        created_at: app.now(),
        changed_at: app.now(),
        claims: latchkey_identity::claims::StandardClaims::default(),
    });
    let changes = [Change::CreateTenant(tenant), Change::CreateAccount { account, password: None }];
    let made: Result<(), ()> = app
        .store
        .decide(async || Ok::<_, StoreError>(Decision::<(), ()>::grant(()).and_all(changes.clone())))
        .await
        .unwrap();
    made.unwrap();
    (app, folder)
}

async fn writes(app: &App, subject: &str, at: Timestamp) {
    let letter = Letter {
        id: latchkey_web::app::entropy().uuid(),
        tenant: TENANT,
        account: ANA,
        topic: None,
        subject: subject.into(),
        body: "Hello Ana,\n\n.a line that begins with a dot, and ünïcode\n".into(),
        at,
    };
    let mut changes = Changes::none();
    changes.event(AuditEvent::new(TENANT, "password_changed", at)).letter(letter);
    app.store.commit(changes).await.unwrap();
}

fn going_on() -> watch::Receiver<bool> {
    watch::channel(false).1
}

fn heard(post: &Post) -> Vec<Heard> {
    post.lock().unwrap().clone()
}

#[tokio::test]
async fn what_waits_is_carried_to_a_mail_server_once() {
    let ((app, _folder), (port, post)) = (an_app().await, a_mail_server(Manner::Plain, None).await);
    let carrier = Carrier::to_server(&planned(port, Privacy::Loopback)).unwrap();
    carrier.test().await.unwrap();
    writes(&app, "Grüße from Burndown", app.now()).await;
    deliver(&app, &carrier, &going_on()).await.unwrap();
    deliver(&app, &carrier, &going_on()).await.unwrap();
    let heard = heard(&post);
    assert_eq!(heard.len(), 1, "{heard:?}");
    let said = heard[0].lines.join("\n");
    assert!(said.contains("MAIL FROM:<latchkey@example.com>") && said.contains("RCPT TO:<ana@harbor.test>"), "{said}");
    let mail = &heard[0].mail;
    for head in
        ["From: Latchkey <latchkey@example.com>\r\n", "To: ana@harbor.test\r\n", "Auto-Submitted: auto-generated\r\n"]
    {
        assert!(mail.contains(head), "{head}: {mail}");
    }
    assert!(mail.contains("Subject: =?utf-8?b?") && mail.contains("Message-ID: <"), "{mail}");
    assert!(mail.contains("\r\n.a line that begins with a dot, and =C3=BCn=C3=AFcode"), "{mail}");
}

#[tokio::test]
async fn to_another_machine_nothing_is_said_without_tls() {
    let (app, folder) = an_app().await;
    let authority = Authority::open(folder.path(), time::OffsetDateTime::now_utc()).unwrap();
    let certificate = authority.listener_certificate(time::OffsetDateTime::now_utc()).unwrap();
    let config = tls::server_config(
        Certificates::new(vec![("localhost".into(), certificate)]),
        ClientCertificates::NotAsked,
        &PlannedTls::default(),
    )
    .unwrap();
    for (manner, privacy) in [(Manner::StartTls, Privacy::StartTls), (Manner::Tls, Privacy::Tls)] {
        let (port, post) = a_mail_server(manner, Some(Arc::clone(&config))).await;
        let password = folder.path().join("mail.password");
        std::fs::write(&password, "hunter2\n").unwrap();
        std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let user = Some(("latchkey".to_owned(), password));
        let stranger = PlannedMail { user, ..planned(port, privacy) };
        let known = PlannedMail { authority: Some(authority.certificate_file().to_owned()), ..stranger.clone() };
        let error = Carrier::to_server(&stranger).unwrap().test().await.unwrap_err();
        assert!(matches!(error, CarryError::NoAnswer(_)), "nobody vouches for it: {error}");
        writes(&app, "Over TLS", app.now()).await;
        deliver(&app, &Carrier::to_server(&known).unwrap(), &going_on()).await.unwrap();
        let heard = heard(&post);
        assert_eq!(heard.len(), 1);
        assert!(heard[0].lines.iter().any(|line| line.starts_with("AUTH PLAIN")), "{heard:?}");
    }
    // A server that cannot turn to TLS gets nothing.
    let (port, post) = a_mail_server(Manner::Plain, None).await;
    let error = Carrier::to_server(&planned(port, Privacy::StartTls)).unwrap().test().await.unwrap_err();
    assert!(matches!(error, CarryError::NoAnswer(_)), "{error}");
    assert!(heard(&post).is_empty());
}

#[tokio::test]
async fn a_mail_that_is_not_taken_is_tried_again_and_given_up_after_days() {
    let ((app, _folder), (port, post)) = (an_app().await, a_mail_server(Manner::Busy, None).await);
    let carrier = Carrier::to_server(&planned(port, Privacy::Loopback)).unwrap();
    let (now, days) = (app.now(), Duration::from_secs(86_400));
    writes(&app, "Old", now - days * 3).await;
    writes(&app, "New", now).await;
    deliver(&app, &carrier, &going_on()).await.unwrap();
    assert!(heard(&post).is_empty());
    assert!(app.store.mail_due(app.now(), 9).await.unwrap().is_empty(), "not at once again");
    let waiting = app.store.mail_due(now + days, 9).await.unwrap();
    assert_eq!(waiting.iter().map(|mail| (mail.subject.as_str(), mail.attempts)).collect::<Vec<_>>(), [("New", 1)]);
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_tried_again() {
    let ((app, _folder), (port, _)) = (an_app().await, a_mail_server(Manner::KnowsNobody, None).await);
    let carrier = Carrier::to_server(&planned(port, Privacy::Loopback)).unwrap();
    writes(&app, "One", app.now()).await;
    writes(&app, "Two", app.now()).await;
    deliver(&app, &carrier, &going_on()).await.unwrap();
    assert_eq!(app.store.mail_due(app.now() + Duration::from_secs(86_400), 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_refuses_no_mail_for_good() {
    let ((app, _folder), (port, _)) = (an_app().await, a_mail_server(Manner::LetsNobodyIn, None).await);
    let carrier = Carrier::to_server(&planned(port, Privacy::Loopback)).unwrap();
    writes(&app, "One", app.now()).await;
    deliver(&app, &carrier, &going_on()).await.unwrap();
    assert_eq!(app.store.mail_due(app.now() + Duration::from_secs(86_400), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn where_nobody_answers_the_others_wait_and_nothing_is_lost() {
    let (app, _folder) = an_app().await;
    // Bound and dropped: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let now = app.now();
    for subject in ["One", "Two"] {
        writes(&app, subject, now).await;
    }
    let silent = Carrier::to_server(&planned(port, Privacy::Loopback)).unwrap();
    deliver(&app, &silent, &going_on()).await.unwrap();
    let waiting = app.store.mail_due(now + Duration::from_secs(3_600), 9).await.unwrap();
    assert_eq!(waiting.iter().map(|mail| mail.attempts).sum::<u32>(), 1, "one was enough to know");
    assert_eq!(waiting.len(), 2);
}

#[tokio::test]
async fn what_the_demo_captures_does_not_leave() {
    let (app, _folder) = an_app().await;
    writes(&app, "Captured", app.now()).await;
    deliver(&app, &Carrier::Captured, &going_on()).await.unwrap();
    let newest = app.store.newest_mail(app.now(), 9).await.unwrap();
    assert!(newest.len() == 1 && newest[0].ended_at.is_some());
}

#[tokio::test]
async fn no_subject_and_no_address_adds_a_line_to_the_head() {
    let (app, _folder) = an_app().await;
    writes(&app, "Hi\r\nBcc: eve@shore.test\r\n\r\nEvil\u{85}\u{2028}text", app.now()).await;
    let mail = app.store.mail_due(app.now(), 1).await.unwrap().remove(0);
    let from: Mailbox = "latchkey@example.com".parse().unwrap();
    let written = String::from_utf8(message(&from, &mail, "ana@harbor.test").unwrap().formatted()).unwrap();
    let (head, _) = written.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().lines().any(|line| line.starts_with("bcc:") || line.starts_with("evil")), "{head}");
    assert_eq!(written.matches("\r\n\r\n").count(), 1 + written.matches("Ana,\r\n\r\n").count(), "{written}");
    for address in [
        "ana@harbor.test\r\nRCPT TO:<eve@shore.test>",
        "ana@harbor.test, eve@shore.test",
        "ana",
        "<a@b.test>",
        "a b@c.test",
    ] {
        assert!(message(&from, &mail, address).unwrap_err().is_final(), "{address}");
    }
}
