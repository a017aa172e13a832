//! Mail leaves a real server, for a mail server on this machine.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod premises;

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use premises::{DOMAIN, Premises, said};

/// A mail server that takes everything. Its port, and what it takes: the envelope and the mail, as it was said.
fn a_mail_server() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, post) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let taken = taken.clone();
            std::thread::spawn(move || converse(stream, &taken));
        }
    });
    (port, post)
}

fn converse(stream: TcpStream, taken: &Sender<String>) -> Option<()> {
    let mut answer = stream.try_clone().ok()?;
    answer.write_all(b"220 mail.test ESMTP\r\n").ok()?;
    let (mut heard, mut in_mail) = (String::new(), false);
    for line in BufReader::new(stream).lines() {
        let line = line.ok()?;
        heard.push_str(&line);
        heard.push('\n');
        let said: &[u8] = match line.as_str() {
            "." if in_mail => {
                in_mail = false;
                taken.send(std::mem::take(&mut heard)).ok()?;
                b"250 taken\r\n"
            }
            _ if in_mail => continue,
            "DATA" => {
                in_mail = true;
                b"354 go ahead\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        answer.write_all(said).ok()?;
    }
    Some(())
}

fn with_mail(port: u16) -> Premises {
    let premises = Premises::new();
    let mut config = OpenOptions::new().append(true).open(premises.config()).unwrap();
    write!(config, "\n[mail]\nurl = \"smtp://127.0.0.1:{port}\"\nfrom = \"Latchkey <latchkey@example.com>\"\n")
        .unwrap();
    premises.json(&["tenant", "create", "--domain", DOMAIN, "--name", "Example"], "");
    let ana = ["account", "create", "--email", "ana@example.com", "--name", "Ana"];
    premises.json(&ana, "a long enough password\n");
    premises
}

#[test]
fn what_a_command_did_while_no_server_ran_is_told_by_the_next_one() {
    let (port, post) = a_mail_server();
    let premises = with_mail(port);
    let changed = premises.run(&["account", "password", "ana@example.com"], "another long password\n");
    assert!(changed.status.success(), "{}", said(&changed));
    let checked = premises.json(&["check"], "");
    let mail = checked.as_array().unwrap().iter().find(|row| row["check"] == "mail").unwrap();
    assert_eq!(mail["state"], "ok", "{mail}");
    let server = premises.serve();
    let mail = post.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(mail.contains("MAIL FROM:<latchkey@example.com>") && mail.contains("RCPT TO:<ana@example.com>"), "{mail}");
    assert!(mail.contains("Subject: Your password was changed"), "{mail}");
    assert!(mail.contains(&format!("http://localhost:{}/profile/sessions", premises.port)), "{mail}");
    let (code, heard) = server.stop();
    assert_eq!(code, Some(0));
    assert!(!heard.contains("mail is not configured"), "{heard}");
    assert!(post.try_recv().is_err(), "it is sent once");
}

#[test]
fn without_a_mail_server_in_the_configuration_a_start_says_so_once() {
    let premises = Premises::new();
    let (server, said) = premises.serve_and_hear();
    assert_eq!(said.matches("mail is not configured").count(), 1, "{said}");
    assert_eq!(server.stop().0, Some(0));
}
