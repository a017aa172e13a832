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
            Self::Path => "in its path",
        }
    }

    fn between(one: &str, other: &str) -> Option<Self> {
        let without_slash = |uri: &str| uri.trim_end_matches('/').to_owned();
        let without_query = |uri: &str| uri.split('?').next().unwrap_or_default().to_owned();
        if one.eq_ignore_ascii_case(other) {
            return Some(Self::Case);
        }
        if without_slash(one) == without_slash(other) {
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
        if without_query(one_rest) == without_query(other_rest) {
            return Some(Self::Query);
        }
        let ((one_host, one_port, one_path), (other_host, other_port, other_path)) =
            (taken_apart(one_rest), taken_apart(other_rest));
        match (one_host == other_host, one_port == other_port) {
            (true, false) if one_path == other_path => Some(Self::Port),
            (true, true) => Some(Self::Path),
            _ => None,
        }
    }
}

/// Host, port and what follows of what stands after `://`.
fn taken_apart(rest: &str) -> (&str, Option<&str>, &str) {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port), path),
        _ => (authority, None, path),
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
    fn another_host_is_no_near_miss() {
        for received in
            ["https://evil.test/callback", "https://burndown.test.evil.test/callback", "", "burndown", "://"]
        {
            assert_eq!(missed(received), None, "{received}");
        }
    }
}
