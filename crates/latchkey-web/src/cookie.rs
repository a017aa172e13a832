//! Cookies of ours: their names and attributes, in one place.

use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

/// A cookie: for every path, out of the reach of scripts, and held back from what other sites post.
pub struct Cookie {
    /// Its name by plain http, which is spoken on loopback only: not every client holds the other one there.
    pub plain: &'static str,
    /// Its name by https, where it comes from this host and nothing else.
    pub host: &'static str,
    /// For how many seconds a browser keeps it; until the browser is closed if nothing is said.
    pub max_age: Option<u32>,
}

impl Cookie {
    /// What a request brings of it.
    pub fn read<'a>(&self, headers: &'a HeaderMap, secure: bool) -> Option<&'a str> {
        let name = self.name(secure);
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
    }

    /// Sets it. The value is made of characters of ours, which a cookie can hold.
    pub fn set(&self, headers: &mut HeaderMap, value: &str, secure: bool) {
        let name = self.name(secure);
        let secure = if secure { "; Secure" } else { "" };
        let max_age = self.max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        if let Ok(cookie) =
            HeaderValue::from_str(&format!("{name}={value}; Path=/{max_age}; HttpOnly; SameSite=Lax{secure}"))
        {
            headers.append(SET_COOKIE, cookie);
        }
    }

    const fn name(&self, secure: bool) -> &'static str {
        if secure { self.host } else { self.plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: Cookie = Cookie { plain: "lamp", host: "__Host-lamp", max_age: Some(60) };

    #[test]
    fn by_https_a_cookie_is_of_this_host_alone() {
        let mut headers = HeaderMap::new();
        LAMP.set(&mut headers, "lit", true);
        LAMP.set(&mut headers, "lit", false);
        let set: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(
            set,
            [
                "__Host-lamp=lit; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
                "lamp=lit; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
            ]
        );
    }

    #[test]
    fn a_cookie_is_read_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("lamp-post=dark; lamp=lit"));
        headers.append(COOKIE, HeaderValue::from_static("__Host-lamp=bright"));
        assert_eq!(LAMP.read(&headers, false), Some("lit"));
        assert_eq!(LAMP.read(&headers, true), Some("bright"));
        assert_eq!(LAMP.read(&HeaderMap::new(), true), None);
    }
}
