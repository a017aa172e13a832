//! A certificate that looks like a client's: nobody comes in by one that no authority of the operator's vouches for, whole and exactly.
//! RFC 8705 §2.1, §7.2 and §7.4, RFC 5280 §6, RFC 9440 §4.

use latchkey_identity::client::Metadata;
use latchkey_identity::client_auth::Method;
use latchkey_identity::client_auth::tls_client_auth::NameKind;
use latchkey_testkit::builders::a_daemon;
use latchkey_testkit::certificate_authority::{
    CertificateAuthority, InHeaders as _, ended, for_host, for_servers, of_a_client, of_an_authority, within,
};
use latchkey_testkit::databases::on_both_engines;
use latchkey_testkit::server::Ask;
use latchkey_testkit::{RelyingParty, World, on_both_databases};
use latchkey_web::ClientCertificate;

async fn victim(world: &World, kind: NameKind, text: &str) -> RelyingParty {
    let mut metadata = Metadata::default();
    metadata.set_certificate_name(Some((kind, text.to_owned())));
    let app = a_daemon("victim").with_metadata(metadata).authenticating_only_by(Method::TlsClientAuth);
    world.registers(app).await.through("https://mtls.latchkey.test")
}

fn ask(party: &RelyingParty) -> Ask {
    party.bare_request("token", &[("grant_type", "client_credentials"), ("client_id", &*party.client_id())])
}

#[test]
fn nobody_vouches_for_what_merely_looks_right() {
    on_both_databases(async |world| {
        let harbor = CertificateAuthority::new("Harbor CA");
        let narrow = CertificateAuthority::saying(within(of_an_authority("Shore CA"), "shore.test"));
        world.trusts(&[&harbor, &narrow]);
        let victim = victim(&world, NameKind::SanDns, "ci.harbor.test").await;
        assert!(ask(&victim).showing(harbor.signs(&of_a_client())).await.is_ok());
        let impostor = CertificateAuthority::new("Harbor CA");
        let mut long = vec![harbor.signs(&of_a_client()).chain[0].clone()];
        long.extend(std::iter::repeat_n(harbor.certificate(), 100));
        for (why, shown) in [
            ("an authority of the same name with another key", impostor.signs(&of_a_client())),
            ("nobody but itself", CertificateAuthority::saying(of_a_client()).itself()),
            ("it has ended", harbor.signs(&ended(of_a_client()))),
            ("who signed it has ended", harbor.below(ended(of_an_authority("Old CA"))).signs(&of_a_client())),
            ("a client is no authority", harbor.below(of_a_client()).signs(&of_a_client())),
            ("an authority is no client", {
                let mut both = of_an_authority("ci");
                both.subject_alt_names = of_a_client().subject_alt_names;
                harbor.below(both).itself()
            }),
            ("it is for servers", harbor.signs(&for_servers(of_a_client()))),
            ("that authority vouches for other hosts only", narrow.signs(&of_a_client())),
            ("a name with more in front", harbor.signs(&for_host("a.ci.harbor.test"))),
            ("a star stands for nobody", harbor.signs(&for_host("*.harbor.test"))),
            ("more certificates than anybody looks at", ClientCertificate::of_chain(long)),
            ("no certificate at all", ClientCertificate::of(b"nothing")),
        ] {
            let answer = ask(&victim).showing(shown).await;
            assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"), "{why}");
        }
        assert_eq!(ask(&victim).await.status, 401, "none is shown");
        // Who is taken away vouches for nobody from then on.
        world.trusts(&[&narrow]);
        assert_eq!(ask(&victim).showing(harbor.signs(&of_a_client())).await.status, 401);
    });
}

#[test]
fn a_subject_is_the_whole_subject() {
    on_both_databases(async |world| {
        let harbor = CertificateAuthority::new("Harbor CA");
        world.trusts(&[&harbor]);
        for (name, subject) in [("part", "CN=ci"), ("turned", "O=Harbor,CN=ci"), ("case", "CN=CI,O=Harbor")] {
            let mut metadata = Metadata::default();
            metadata.set_certificate_name(Some((NameKind::SubjectDn, subject.to_owned())));
            let app = a_daemon(name).with_metadata(metadata).authenticating_only_by(Method::TlsClientAuth);
            let party = world.registers(app).await.through("https://mtls.latchkey.test");
            assert_eq!(ask(&party).showing(harbor.signs(&of_a_client())).await.status, 401, "{subject}");
        }
    });
}

/// RFC 9440 §4: what a client writes in the header of a proxy counts for nothing.
#[test]
fn the_header_of_a_proxy_is_nobody_elses() {
    on_both_databases(async |world| {
        let harbor = CertificateAuthority::new("Harbor CA");
        world.trusts(&[&harbor]);
        let victim = victim(&world, NameKind::SanDns, "ci.harbor.test").await;
        let [leaf, chain] = harbor.signs(&of_a_client()).in_headers();
        let told = ask(&victim).header("client-cert", &leaf).header("client-cert-chain", &chain);
        assert_eq!(told.await.status, 401, "there is no proxy");
    });
    on_both_engines(async |database| {
        let world = World::behind_a_proxy(database).await;
        let harbor = CertificateAuthority::new("Harbor CA");
        world.trusts(&[&harbor]);
        let victim = victim(&world, NameKind::SanDns, "ci.harbor.test").await;
        let [leaf, _] = harbor.signs(&of_a_client()).in_headers();
        assert!(ask(&victim).header("client-cert", &leaf).await.is_ok());
        let elsewhere = victim.through("https://latchkey.test");
        let told = ask(&elsewhere).header("client-cert", &leaf).await;
        assert_eq!(told.status, 401, "the proxy asks for none at this address, and may let the header pass");
    });
}
