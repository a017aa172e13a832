//! How a redirect URI that is not registered differs from one that is: what whoever runs the app would look for.

use super::RedirectUri;

/// The one difference between two redirect URIs, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NearMiss {
    /// Upper and lower case.
    Case,
    /// A slash at the end.
    Slash,
    /// `http` for `https`, or the other way round.
    Scheme,
    /// What stands after the question mark.
    Query,
    /// The port.
    Port,
    /// The path.
    Path,
}

impl NearMiss {
    /// The difference in words, after "It differs from".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Case => "in upper and lower case alone",
            Self::Slash => "in the slash at its end alone",
            Self::Scheme => "in what stands before :// alone",
            Self::Query => "in what stands after the question mark alone",
            Self::Port => "in its port alone",
            Self::Path => "in its path alone",
        }
    }

    fn between(one: &str, other: &str) -> Option<Self> {
        if one.eq_ignore_ascii_case(other) {
            return Some(Self::Case);
        }
        if one.trim_end_matches('/') == other.trim_end_matches('/') {
            return Some(Self::Slash);
        }
        let (one_scheme, one_rest) = one.split_once("://")?;
        let (other_scheme, other_rest) = other.split_once("://")?;
        if one_rest == other_rest {
            return Some(Self::Scheme);
        }
        if one_scheme != other_scheme {
            return None;
        }
        if one_rest.split('?').next() == other_rest.split('?').next() {
            return Some(Self::Query);
        }
        let (one, other) = (Parts::of(one_rest), Parts::of(other_rest));
        if other == (Parts { port: other.port, ..one }) {
            Some(Self::Port)
        } else if other == (Parts { path: other.path, ..one }) {
            Some(Self::Path)
        } else {
            None
        }
    }
}

/// The parts of what stands after `://`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Parts<'a> {
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    /// Query and fragment, with the mark that begins them.
    tail: &'a str,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Self {
        let before = |text: &'a str, marks: &[char]| {
            let end = text.find(marks).unwrap_or(text.len());
            text.split_at_checked(end).unwrap_or((text, ""))
        };
        let (place, tail) = before(rest, &['?', '#']);
        let (authority, path) = before(place, &['/']);
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Self { host, port: Some(port), path, tail }
            }
            _ => Self { host: authority, port: None, path, tail },
        }
    }
}

/// The registered redirect URI that `received` comes closest to, if it differs from one in a single thing.
pub fn nearest<'a>(received: &str, registered: &'a [RedirectUri]) -> Option<(NearMiss, &'a RedirectUri)> {
    let missed = registered.iter().filter_map(|uri| Some((NearMiss::between(received, uri.as_str())?, uri)));
    missed.min_by_key(|(miss, _)| *miss)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(received: &str) -> Option<NearMiss> {
        let registered = ["https://other.test/", "https://burndown.test/callback"];
        let registered = registered.map(|uri| RedirectUri::from_stored(uri.to_owned()));
        nearest(received, &registered).map(|(miss, uri)| {
            assert_eq!(uri.as_str(), "https://burndown.test/callback", "{received}");
            miss
        })
    }

    #[test]
    fn what_is_almost_registered_is_told_by_its_one_difference() {
        assert_eq!(missed("https://burndown.test/Callback"), Some(NearMiss::Case));
        assert_eq!(missed("https://burndown.test/callback/"), Some(NearMiss::Slash));
        assert_eq!(missed("http://burndown.test/callback"), Some(NearMiss::Scheme));
        assert_eq!(missed("https://burndown.test/callback?x=1"), Some(NearMiss::Query));
        assert_eq!(missed("https://burndown.test:8443/callback"), Some(NearMiss::Port));
        assert_eq!(missed("https://burndown.test/signin-oidc"), Some(NearMiss::Path));
    }

    #[test]
    fn what_differs_in_two_things_is_not_told_by_one_of_them() {
        for received in [
            "https://burndown.test/signin-oidc?x=1",
            "https://burndown.test/callback/#x",
            "https://burndown.test:8443/signin-oidc",
            "https://burndown.test:8443/callback?x=1",
            "http://burndown.test/callback?x=1",
        ] {
            assert_eq!(missed(received), None, "{received}");
        }
    }

    #[test]
    fn another_host_is_no_near_miss() {
        for received in
            ["https://evil.test/callback", "https://burndown.test.evil.test/callback", "", "burndown", "://"]
        {
            assert_eq!(missed(received), None, "{received}");
        }
    }
}
