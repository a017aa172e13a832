//! `Client-Cert` and `Client-Cert-Chain`: what a proxy was shown that speaks TLS for us. [RFC 9440 §2]
//!
//! They are read where the configuration says so, of requests that came to the address at which the proxy asks for certificates, and are
//! worth as much as the proxy: it has to drop what clients send by these names. Everywhere else nobody looks at them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{GetAll, HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;

use crate::visitor::ClientCertificate;

const CERTIFICATE: HeaderName = HeaderName::from_static("client-cert");
const CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// The headers are there and nobody knows what they say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unreadable;

/// Reads what the proxy was shown; `None` if it was shown nothing.
pub fn read(headers: &HeaderMap) -> Result<Option<ClientCertificate>, Unreadable> {
    let mut shown = certificates(headers.get_all(CERTIFICATE))?;
    let between = certificates(headers.get_all(CHAIN))?;
    match shown.len() {
        // A chain that begins nowhere leads nowhere. [RFC 9440 §2.3]
        0 if between.is_empty() => Ok(None),
        1 => {
            shown.extend(between);
            Ok(Some(ClientCertificate::of_chain(shown)))
        }
        _ => Err(Unreadable),
    }
}

/// A list of byte sequences; the lines of a list belong together. [RFC 8941 §3.1 and §3.3.5]
fn certificates(lines: GetAll<'_, HeaderValue>) -> Result<Vec<CertificateDer<'static>>, Unreadable> {
    let mut found = Vec::new();
    for line in lines {
        for item in line.to_str().map_err(|_| Unreadable)?.split(',') {
            let item = item.trim_matches([' ', '\t']);
            let bare = item.strip_prefix(':').and_then(|item| item.strip_suffix(':')).ok_or(Unreadable)?;
            found.push(CertificateDer::from(STANDARD.decode(bare).map_err(|_| Unreadable)?));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    /// RFC 9440 §2.2 and §2.3.
    #[test]
    fn a_certificate_and_its_chain_are_byte_sequences() {
        assert_eq!(read(&headers(&[])), Ok(None));
        let alone = read(&headers(&[("client-cert", ":AQID:")])).unwrap().unwrap();
        assert_eq!(alone.thumbprint, ClientCertificate::of(&[1, 2, 3]).thumbprint);
        let lines =
            [("client-cert", ":AQID:"), ("client-cert-chain", ":BA==:, :BQ==:"), ("client-cert-chain", ":Bg==:")];
        let whole = read(&headers(&lines)).unwrap().unwrap();
        assert_eq!(whole.thumbprint, alone.thumbprint);
        assert_eq!(
            whole.chain.iter().map(|one| one.to_vec()).collect::<Vec<_>>(),
            [vec![1, 2, 3], vec![4], vec![5], vec![6]]
        );
    }

    #[test]
    fn what_is_none_is_refused_rather_than_guessed() {
        for wrong in ["", "AQID", ":AQID", ":AQ*D:", ":AQID:;a=1", ":AQID:, :AQID:", "\"AQID\"", ":AQID:,"] {
            assert_eq!(read(&headers(&[("client-cert", wrong)])), Err(Unreadable), "{wrong}");
        }
        let two = headers(&[("client-cert", ":AQID:"), ("client-cert", ":AQID:")]);
        assert_eq!(read(&two), Err(Unreadable), "of two nobody knows which one was shown");
        assert_eq!(read(&headers(&[("client-cert-chain", ":AQID:")])), Err(Unreadable));
    }
}
