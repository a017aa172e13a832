//! Somebody names an address, so that our server asks it something from the inside. Every request of the server's own goes through one
//! client, so it is that client which is attacked here.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use http::Response;
use latchkey_testkit::on_both_databases;
use latchkey_testkit::remote::{Remote, json, status};
use latchkey_web::outbound::OutboundError;
use serde_json::json as value;

const ACCEPT: &str = "application/json";

#[test]
fn a_name_that_leads_inside_is_not_connected_to() {
    on_both_databases(async |world| {
        let inside = Remote::start("evil.test", |_| json(&value!({}))).await;
        let outbound = &world.parts().outbound;
        let target = outbound.target("https://evil.test/keys").unwrap();
        world.names().set("evil.test", vec![inside.address()]);
        let refused = outbound.fetch(&target, ACCEPT, 1_000).await;
        assert!(matches!(refused, Err(OutboundError::NotReachable)), "{refused:?}");
        // One good address does not make up for a bad one.
        world.names().set("evil.test", vec!["93.184.215.14:443".parse().unwrap(), inside.address()]);
        assert!(matches!(outbound.fetch(&target, ACCEPT, 1_000).await, Err(OutboundError::NotReachable)));
        let nowhere = outbound.target("https://nowhere.test/").unwrap();
        assert!(matches!(outbound.fetch(&nowhere, ACCEPT, 1_000).await, Err(OutboundError::NotReachable)));
        assert_eq!(inside.connections(), 0);
    });
}

#[test]
fn a_name_that_comes_to_mean_something_else_is_checked_at_each_connection() {
    on_both_databases(async |world| {
        let (friend, inside) = (
            world.remote("service.test", |_| json(&value!({"a": 1}))).await,
            Remote::start("evil.test", |_| status(200)).await,
        );
        let outbound = &world.parts().outbound;
        assert!(outbound.fetch(&outbound.target("https://service.test/").unwrap(), ACCEPT, 1_000).await.is_ok());
        // Rebinding: public when it is looked at, loopback when it is connected to. There is no second look-up to be fooled.
        let target = outbound.target("https://rebinding.test/").unwrap();
        let inside_as: SocketAddr = inside.address();
        world.names().set("rebinding.test", vec![inside_as]);
        assert!(matches!(outbound.fetch(&target, ACCEPT, 1_000).await, Err(OutboundError::NotReachable)));
        assert_eq!((friend.connections(), inside.connections()), (1, 0));
    });
}

#[test]
fn addresses_that_are_written_as_numbers_or_carry_a_password_are_not_asked() {
    on_both_databases(async |world| {
        let outbound = &world.parts().outbound;
        for wrong in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://2130706433/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://user:password@service.test/",
            "https://evil.test:6379/",
            "http://service.test/",
            "file:///etc/passwd",
        ] {
            assert!(outbound.target(wrong).is_err(), "{wrong}");
        }
    });
}

#[test]
fn a_redirect_is_not_followed() {
    on_both_databases(async |world| {
        let inside = Remote::start("friend.test", |_| json(&value!({}))).await;
        world.names().set("friend.test", vec![inside.address()]);
        let _service = world
            .remote("service.test", |_| {
                let to = Response::builder().status(302).header("location", "https://friend.test/");
                to.body(Body::empty()).unwrap()
            })
            .await;
        let outbound = &world.parts().outbound;
        let answer = outbound.fetch(&outbound.target("https://service.test/keys").unwrap(), ACCEPT, 1_000).await;
        assert!(matches!(answer, Err(OutboundError::Status(status)) if status == 302), "{answer:?}");
        assert_eq!(inside.connections(), 0);
    });
}

#[test]
fn a_huge_or_compressed_answer_is_not_read_to_its_end() {
    on_both_databases(async |world| {
        let service = world.remote("service.test", |_| Response::new(Body::from(vec![b' '; 1 << 20]))).await;
        let outbound = &world.parts().outbound;
        let target = outbound.target("https://service.test/keys").unwrap();
        assert!(matches!(outbound.fetch(&target, ACCEPT, 65_536).await, Err(OutboundError::TooLarge)));
        service.answers(|_| Response::builder().header("content-encoding", "gzip").body(Body::from("x")).unwrap());
        assert!(matches!(outbound.fetch(&target, ACCEPT, 65_536).await, Err(OutboundError::Compressed)));
        service.answers(|_| {
            let many = (0..200).fold(Response::builder(), |answer, number| answer.header(format!("x-{number}"), "y"));
            many.body(Body::empty()).unwrap()
        });
        assert!(matches!(outbound.fetch(&target, ACCEPT, 65_536).await, Err(OutboundError::NoAnswer(_))));
    });
}

#[test]
fn a_body_that_never_ends_keeps_nobody_waiting() {
    on_both_databases(async |world| {
        let _slow = world
            .remote("service.test", |_| {
                let forever = futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
                Response::new(Body::from_stream(forever))
            })
            .await;
        let outbound = &world.parts().outbound;
        let target = outbound.target("https://service.test/keys").unwrap();
        let before = Instant::now();
        let asked = (0..12).map(|_| outbound.fetch(&target, ACCEPT, 1_000));
        let answers = futures_util::future::join_all(asked).await;
        assert!(before.elapsed() < Duration::from_secs(10));
        let slow = answers.iter().filter(|answer| matches!(answer, Err(OutboundError::TooSlow))).count();
        let busy = answers.iter().filter(|answer| matches!(answer, Err(OutboundError::Busy))).count();
        assert_eq!((slow, busy), (8, 4), "one host takes only so many turns");
    });
}

#[test]
fn a_server_that_cannot_prove_its_name_is_not_believed() {
    on_both_databases(async |world| {
        // A certificate by an authority that we trust, for another name.
        let other = Remote::start("friend.test", |_| json(&value!({}))).await;
        world.names().set("service.test", vec![other.address()]);
        let outbound = &world.parts().outbound;
        let answer = outbound.fetch(&outbound.target("https://service.test/").unwrap(), ACCEPT, 1_000).await;
        assert!(matches!(answer, Err(OutboundError::NoAnswer(_))), "{answer:?}");
        assert!(other.asked().is_empty());
    });
}

#[test]
fn what_is_asked_says_nothing_that_was_not_meant() {
    on_both_databases(async |world| {
        let service = world.remote("service.test", |_| json(&value!({}))).await;
        let outbound = &world.parts().outbound;
        let target = outbound.target("https://service.test/keys?a=b#secret").unwrap();
        outbound.fetch(&target, ACCEPT, 1_000).await.unwrap();
        let asked = &service.asked()[0];
        let names: Vec<&str> = asked.head.headers.keys().map(http::HeaderName::as_str).collect();
        assert_eq!(names, ["accept", "host", "user-agent"], "no cookies, no credentials");
        assert_eq!(asked.head.uri.to_string(), "/keys?a=b", "fragments are stripped before fetching");
    });
}
