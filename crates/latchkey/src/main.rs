//! Latchkey: an OpenID Connect provider and the DevOps server it protects.
//!
//! | what | where |
//! |---|---|
//! | the command line | [`cli`] |
//! | the configuration | [`config`], [`init`], [`check`] |
//! | where everything is kept, the master key | [`place`] |
//! | from there to an app | [`bootstrap`] |
//! | the server and its end | [`serve`], [`listen`], [`jobs`], [`logging`], [`reload`] |
//! | TLS, and an authority to try it with | [`tls`], [`authority`], [`trust`] |
//! | orders of whoever runs the server | [`give`], [`desk`], [`control`], [`password`] |
//! | verifying the record | [`audit`] |
//! | the demo | [`demo`] |
//! | what is printed, and what is said of failures | [`out`], [`failure`] |

mod any_certificate;
mod audit;
mod authority;
mod bootstrap;
mod check;
mod cli;
mod config;
mod control;
mod demo;
mod desk;
mod failure;
mod give;
mod init;
mod jobs;
mod listen;
mod logging;
mod mail;
mod out;
mod password;
mod place;
mod reload;
mod serve;
mod tls;
mod trust;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request makes some hundred small things that end with it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
