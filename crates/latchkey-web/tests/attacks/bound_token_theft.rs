//! Somebody holds a copy of a token that is bound to a key, and of everything that travelled with it.

use latchkey_testkit::dpop::DpopKey;
use latchkey_testkit::{RelyingParty, Tokens, World, on_both_databases};

const PROJECTS: &str = "/harbor/_apis/projects";

async fn bound(world: &World, party: &RelyingParty) -> Tokens {
    let code = world.ana().approves_request(&party.request()).await;
    party.redeem(&code).await.unwrap()
}

#[test]
fn a_copied_token_opens_nothing_whatever_way_it_is_shown() {
    on_both_databases(async |world| {
        let (owner, thief) = (DpopKey::new(), DpopKey::new());
        let tokens = bound(&world, &world.app("burndown").proving_by(&owner)).await;
        assert!(tokens.get(PROJECTS).await.is_ok(), "it is known to the server");
        let token = &tokens.access;
        let ask = |url: &str| world.get(url);
        for url in [PROJECTS, "/oidc/userinfo", "/harbor/lighthouse/_git/lamp/info/refs?service=git-upload-pack"] {
            for (way, attempt) in [
                ("as Bearer", ask(url).bearer(token)),
                ("as Bearer with a proof", ask(url).bearer(token).proving_by(&thief)),
                ("as a password", ask(url).basic("git", token)),
                ("as DPoP", ask(url).presenting(token)),
                ("with a proof of another key", ask(url).dpop(token, &thief)),
                ("in both ways", ask(url).bearer(token).dpop(token, &thief)),
            ] {
                // Two headers at once are no request at all at UserInfo. [RFC 6750 §3.1]
                let status = attempt.await.status.as_u16();
                assert!(status == 401 || (status == 400 && way == "in both ways"), "{url} {way}: {status}");
            }
        }
        let form = world.post("/oidc/userinfo").form([("access_token", token)]);
        assert_eq!(form.proving_by(&thief).await.status, 401);
    });
}

#[test]
fn an_overheard_proof_is_for_one_request_and_is_over() {
    on_both_databases(async |world| {
        let owner = DpopKey::new();
        let tokens = bound(&world, &world.app("burndown").proving_by(&owner)).await;
        let call = world.get(PROJECTS);
        let heard = call.proof(&owner).for_token(&tokens.access);
        assert!(call.clone().presenting(&tokens.access).proving(&heard).await.is_ok());
        // The same again; at another URL; by another method; for another token of the same key; a minute later.
        assert_eq!(call.clone().presenting(&tokens.access).proving(&heard).await.status, 401);
        let fresh = || call.proof(&owner).for_token(&tokens.access);
        let elsewhere =
            world.get("/harbor/lighthouse/_apis/wit/workitems/1").presenting(&tokens.access).proving(&fresh());
        assert_eq!(elsewhere.await.status, 401);
        let change = world.patch(PROJECTS).presenting(&tokens.access).proving(&fresh());
        assert!(matches!(change.await.status.as_u16(), 401 | 405));
        let next = tokens.refreshed().await.unwrap();
        assert_eq!(call.clone().presenting(&next.access).proving(&fresh()).await.status, 401);
        let kept = fresh();
        world.seconds_later(61);
        assert_eq!(call.clone().presenting(&tokens.access).proving(&kept).await.status, 401);
    });
}

#[test]
fn a_proof_prepared_on_a_stolen_device_runs_out_with_its_nonce() {
    on_both_databases(async |world| {
        let owner = DpopKey::new();
        let tokens = bound(&world, &world.app("burndown").proving_by(&owner)).await;
        let call = world.get(PROJECTS);
        // Whoever had the key for a moment made proofs for the future. Those without a nonce are refused for their time.
        let tomorrow = call.proof(&owner).for_token(&tokens.access).with("iat", world.now().as_secs() + 3_000);
        assert_eq!(call.clone().presenting(&tokens.access).proving(&tomorrow).await.status, 401);
        owner.learns(&call.clone().dpop(&tokens.access, &owner).await);
        let prepared = call.proof(&owner).for_token(&tokens.access).with("iat", world.now().as_secs() + 3_000);
        world.seconds_later(3_000);
        let answer = call.clone().presenting(&tokens.access).proving(&prepared).await;
        assert_eq!(answer.status, 401, "its nonce is of an hour ago");
    });
}

#[test]
fn a_stolen_code_and_verifier_are_worth_nothing_without_the_key_of_dpop_jkt() {
    on_both_databases(async |world| {
        let (owner, thief) = (DpopKey::new(), DpopKey::new());
        let party = world.app("burndown").proving_by(&owner);
        let code = world.ana().approves_request(&party.request().with("dpop_jkt", owner.thumbprint())).await;
        let stolen = party.clone().proving_by(&thief).redeem(&code).await.unwrap_err();
        assert_eq!(stolen.error, "invalid_grant");
        assert!(party.redeem(&code).await.is_ok());
    });
}
