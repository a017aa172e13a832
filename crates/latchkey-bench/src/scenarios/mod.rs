//! What is measured: one file for each way of using the server.

mod api_read;
mod client_credentials;
mod code_flow;
pub(crate) mod device_code;
mod discovery;
mod dpop;
mod introspection;
mod jwks;
mod jwt_bearer;
mod private_key_jwt;
mod refresh;
pub(crate) mod revocation_lag;
mod token_exchange;
mod tokens;
mod userinfo;

use std::time::Duration;

use clap::ValueEnum;

use crate::calibrate::Limits;
use crate::generator::{self, Load, Measured, Work};
use crate::http::Requests;
use crate::problem::Outcome;
use crate::seed::World;
use crate::server::Server;

/// A scenario whose cost is compared with what its parts cost at least.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Scenario {
    /// The metadata document
    Discovery,
    /// The public keys
    Jwks,
    /// A token for an app in its own name, with its secret in the form
    ClientCredentials,
    /// The same for an app that is called with tokens of RS256
    ClientCredentialsRs256,
    /// The same as `client-credentials` with an assertion that the app signed, RS256, and that counts once
    ClientCredentialsPrivateKeyJwt,
    /// The same for an app of the Microsoft world, whose assertions may come again
    ClientCredentialsReusedAssertion,
    /// The same as `client-credentials` with a proof of possession
    ClientCredentialsDpop,
    /// A refresh, for an access token and the next refresh token
    Refresh,
    /// The same with an ID token
    RefreshWithIdToken,
    /// `UserInfo` with a token seen before
    Userinfo,
    /// Introspection of a token seen before
    Introspection,
    /// Reading a work item with a token seen before
    ApiReadWarm,
    /// Reading a work item with a token never seen
    ApiReadCold,
    /// Reading a work item with a bound token seen before, and a proof
    ApiReadDpop,
    /// A narrower token for a token seen before
    TokenExchange,
    /// A token of an app's own for one that it was called with, seen before
    JwtBearer,
    /// The tokens of a device that somebody approved
    DeviceCode,
    /// Authorize with a live session and consent on file, then redeem the code. The last one, because it leaves rows behind
    CodeFlow,
}

impl Scenario {
    /// Its name, in tables and on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What its parts cost at least, in words.
    pub(crate) const fn formula(self) -> &'static str {
        match self {
            Self::Discovery | Self::Jwks => "T_http",
            Self::CodeFlow => "2 T_http + 2 T_tx + T_sign[ES256] + T_sign[RS256]",
            Self::ClientCredentials => "T_http + T_sign[ES256]",
            Self::ClientCredentialsRs256 => "T_http + T_sign[RS256]",
            Self::JwtBearer => "T_http + T_seen + 2 T_read + T_sign[ES256] + T_tx",
            Self::DeviceCode => "T_http + 2 T_read + T_sign[ES256] + T_tx",
            Self::Refresh => "T_http + T_sign[ES256] + T_tx",
            Self::RefreshWithIdToken => "T_http + T_sign[ES256] + T_sign[RS256] + T_tx",
            Self::Userinfo | Self::Introspection | Self::ApiReadWarm => "T_http + T_seen + T_read",
            Self::ApiReadCold => "T_http + T_verify[ES256] + T_read",
            Self::ClientCredentialsPrivateKeyJwt => "T_http + T_verify[RS256] + T_sign[ES256] + T_tx",
            Self::ClientCredentialsReusedAssertion => "T_http + T_verify[RS256] + T_sign[ES256]",
            Self::ClientCredentialsDpop => "T_http + T_verify[ES256] + T_sign[ES256]",
            Self::ApiReadDpop => "T_http + T_seen + T_verify[ES256] + T_read",
            Self::TokenExchange => "T_http + T_seen + T_sign[ES256]",
        }
    }

    /// The same in microseconds.
    pub(crate) fn limit(self, limits: &Limits) -> f64 {
        let Limits { http, sign_es256, sign_rs256, verify_es256, verify_rs256, tx, read, seen_token } = *limits;
        match self {
            Self::Discovery | Self::Jwks => http,
            Self::CodeFlow => 2.0 * http + 2.0 * tx + sign_es256 + sign_rs256,
            Self::ClientCredentials => http + sign_es256,
            Self::ClientCredentialsRs256 => http + sign_rs256,
            Self::JwtBearer => http + seen_token + 2.0 * read + sign_es256 + tx,
            Self::DeviceCode => http + 2.0 * read + sign_es256 + tx,
            Self::Refresh => http + sign_es256 + tx,
            Self::RefreshWithIdToken => http + sign_es256 + sign_rs256 + tx,
            Self::Userinfo | Self::Introspection | Self::ApiReadWarm => http + seen_token + read,
            Self::ApiReadCold => http + verify_es256 + read,
            Self::ClientCredentialsPrivateKeyJwt => http + verify_rs256 + sign_es256 + tx,
            Self::ClientCredentialsReusedAssertion => http + verify_rs256 + sign_es256,
            Self::ClientCredentialsDpop => http + verify_es256 + sign_es256,
            Self::ApiReadDpop => http + seen_token + verify_es256 + read,
            Self::TokenExchange => http + seen_token + sign_es256,
        }
    }

    /// How near to the limit it has to come.
    pub(crate) const fn goal(self) -> f64 {
        match self {
            Self::Discovery | Self::Jwks => 0.70,
            Self::CodeFlow | Self::ApiReadCold => 0.65,
            Self::ClientCredentials
            | Self::ClientCredentialsPrivateKeyJwt
            | Self::ClientCredentialsReusedAssertion
            | Self::ClientCredentialsDpop
            | Self::Introspection => 0.55,
            Self::Refresh
            | Self::Userinfo
            | Self::ApiReadDpop
            | Self::TokenExchange
            | Self::JwtBearer
            | Self::DeviceCode => 0.50,
            Self::ClientCredentialsRs256 => 0.80,
            Self::RefreshWithIdToken => 0.75,
            Self::ApiReadWarm => 0.45,
        }
    }

    /// Measures it.
    pub(crate) async fn run(self, bench: &Bench<'_>) -> Outcome<Measured> {
        let measured = match self {
            Self::Discovery => discovery::run(bench).await,
            Self::Jwks => jwks::run(bench).await,
            Self::CodeFlow => code_flow::run(bench).await,
            Self::ClientCredentialsPrivateKeyJwt => private_key_jwt::once(bench).await,
            Self::ClientCredentialsReusedAssertion => private_key_jwt::reusable(bench).await,
            Self::ClientCredentialsDpop => dpop::client_credentials(bench).await,
            Self::ApiReadDpop => dpop::api_read(bench).await,
            Self::TokenExchange => token_exchange::run(bench).await,
            Self::ClientCredentials => client_credentials::run(bench).await,
            Self::ClientCredentialsRs256 => client_credentials::rs256(bench).await,
            Self::JwtBearer => jwt_bearer::run(bench).await,
            Self::DeviceCode => device_code::run(bench).await,
            Self::Introspection => introspection::run(bench).await,
            Self::Refresh => refresh::run(bench, false).await,
            Self::RefreshWithIdToken => refresh::run(bench, true).await,
            Self::Userinfo => userinfo::run(bench).await,
            Self::ApiReadWarm => api_read::warm(bench).await,
            Self::ApiReadCold => api_read::cold(bench).await,
        };
        measured.map_err(|problem| problem.during(&self.name()))
    }
}

/// What every scenario needs.
pub(crate) struct Bench<'a> {
    /// The server.
    pub(crate) server: &'a Server,
    /// What is in its database.
    pub(crate) world: &'a World,
    /// Connections at once.
    pub(crate) connections: usize,
    /// For how long each scenario runs.
    pub(crate) time: Duration,
}

impl Bench<'_> {
    fn requests(&self) -> Requests {
        Requests::to(self.server.port)
    }

    /// One worker for each connection.
    fn workers<W>(&self, worker: impl FnMut(usize) -> W) -> Vec<W> {
        (0..self.connections).map(worker).collect()
    }

    async fn measure<W: Work>(&self, workers: Vec<W>) -> Outcome<Measured> {
        let Self { server, time, .. } = self;
        generator::run(server.process(), server.port, Load::lasting(*time), workers).await
    }
}

/// The indices below `end` that belong to one of the workers, again and again.
fn share(worker: usize, workers: usize, end: usize) -> impl Iterator<Item = usize> + Clone {
    (worker..end).step_by(workers.max(1)).cycle()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_the_sum_of_its_parts() {
        let limits = Scenario::value_variants().iter().map(|scenario| scenario.limit(&Limits::EXAMPLE));
        assert_eq!(
            limits.collect::<Vec<_>>(),
            [
                8.0, 8.0, 24.0, 252.0, 54.0, 41.0, 75.0, 37.0, 281.0, 13.0, 13.0, 13.0, 63.0, 64.0, 25.0, 46.0, 45.0,
                302.0
            ]
        );
    }

    #[test]
    fn no_two_workers_share_anything() {
        let first = |worker| share(worker, 3, 8).take(4).collect::<Vec<_>>();
        assert_eq!(first(0), [0, 3, 6, 0]);
        assert_eq!(first(1), [1, 4, 7, 1]);
        assert_eq!(first(2), [2, 5, 2, 5]);
        assert_eq!(share(9, 3, 8).next(), None);
    }

    #[test]
    fn a_scenario_has_the_name_that_the_command_line_takes() {
        assert_eq!(Scenario::RefreshWithIdToken.name(), "refresh-with-id-token");
    }
}
