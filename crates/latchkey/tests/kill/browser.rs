//! A browser that knows the few pages of this story: its cookies, redirects, and the fields of a form.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hyper::header::{COOKIE, SET_COOKIE};

use crate::wire::{Ask, NoAnswer, Reply, Wire};

/// Redirects that are followed before it gives up.
const REDIRECTS: usize = 5;

/// Cookies, and the token that proves its forms to be ours.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: Mutex<BTreeMap<String, String>>,
    csrf: Mutex<String>,
}

/// Where a visit ended.
pub(crate) enum Visit {
    /// At a page of ours.
    Page(Reply),
    /// On the way to another site, at this address.
    Left(String),
}

impl Browser {
    /// Makes one request, and keeps what it is told to keep.
    pub(crate) async fn send(&self, wire: &Wire, ask: Ask) -> Result<Reply, NoAnswer> {
        let cookies = self.cookies.lock().unwrap().clone();
        let cookies: Vec<String> = cookies.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ask = if cookies.is_empty() { ask } else { ask.header(COOKIE, cookies.join("; ")) };
        let reply = wire.send(ask).await?;
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a name and a value");
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        if let Some((_, token)) = fields(&reply.text()).into_iter().find(|(name, _)| name == "csrf") {
            *self.csrf.lock().unwrap() = token;
        }
        Ok(reply)
    }

    /// Goes where an address leads.
    pub(crate) async fn open(&self, wire: &Wire, path: &str) -> Result<Visit, NoAnswer> {
        let mut path = path.to_owned();
        for _ in 0..REDIRECTS {
            let reply = self.send(wire, Ask::get(&path)).await?;
            match reply.location() {
                None => return Ok(Visit::Page(reply)),
                Some(location) if location.starts_with('/') => path = location.to_owned(),
                Some(location) => return Ok(Visit::Left(location.to_owned())),
            }
        }
        panic!("more than {REDIRECTS} redirects, the last to {path}")
    }

    /// Posts a form as a page that the browser saw would.
    pub(crate) async fn post(
        &self,
        wire: &Wire,
        path: &str,
        mut form: Vec<(String, String)>,
    ) -> Result<Reply, NoAnswer> {
        form.retain(|(name, _)| name != "csrf");
        form.push(("csrf".to_owned(), self.csrf.lock().unwrap().clone()));
        self.send(wire, Ask::post(path, form)).await
    }
}

/// What the form with this action would send as the page offers it, but for its button.
pub(crate) fn form(html: &str, action: &str) -> Option<Vec<(String, String)>> {
    let (_, form) = html.split_once(&format!("action=\"{action}\""))?;
    Some(fields(form.split("</form>").next().unwrap_or_default()))
}

/// The inputs that are filled in or ticked. Their values are of our own making: there is nothing to decode.
fn fields(html: &str) -> Vec<(String, String)> {
    let inputs = html.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    let sent = |input: &&str| {
        let ticked = !input.contains("type=\"checkbox\"") || input.contains(" checked");
        ticked && !input.contains(" disabled")
    };
    let pair = |input: &str| Some((attribute(input, "name")?.to_owned(), attribute(input, "value")?.to_owned()));
    inputs.filter(sent).filter_map(pair).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

/// The values of an attribute on a page, in order.
pub(crate) fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("{name}=\"");
    html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}
