//! Many at once, on one code and on one refresh token.

use futures_util::future::join_all;
use latchkey_testkit::{OldRefusal, OldTokens, on_both_databases};

const CROWD: usize = 64;

async fn crowd<F>(request: impl Fn() -> F) -> Vec<Result<OldTokens, OldRefusal>>
where
    F: Future<Output = Result<OldTokens, OldRefusal>> + Send + 'static,
{
    let all: Vec<_> = (0..CROWD).map(|_| tokio::spawn(request())).collect();
    join_all(all).await.into_iter().map(|joined| joined.expect("nothing panics")).collect()
}

#[test]
fn of_64_that_redeem_one_old_code_one_gets_tokens_and_they_are_worth_nothing() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let code = app.approved_by(&world.ana()).await;
        let results = crowd(|| {
            let (app, code) = (app.clone(), code.clone());
            async move { app.redeems(&code).await }
        })
        .await;
        let winners: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1);
        let losers = results.iter().filter_map(|result| result.as_ref().err());
        assert!(losers.into_iter().all(|refused| refused.reason() == "accessAlreadyIssued"));
        assert_eq!(winners[0].get("/harbor/_apis/projects").await.status, 401);
        assert!(winners[0].refreshed().await.is_err());
    });
}

#[test]
fn of_64_that_send_one_old_refresh_token_all_get_the_same_successor() {
    on_both_databases(async |world| {
        let app = world.takes_over("oldtimer").await;
        let tokens = app.authorized_by(&world.ana()).await;
        let results = crowd(|| {
            let tokens = tokens.clone();
            async move { tokens.refreshed().await }
        })
        .await;
        let successors: Vec<_> = results.into_iter().map(|result| result.unwrap().refresh).collect();
        assert!(successors.iter().all(|successor| *successor == successors[0] && *successor != tokens.refresh));
        assert!(app.refreshes(&successors[0]).await.is_ok(), "the family lives");
    });
}
