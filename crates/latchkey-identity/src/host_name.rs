//! Names of hosts, written as they are compared.

/// Whether it is a name of labels of small letters, digits and hyphens, as long as names may be.
pub(crate) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::is_host_name;

    #[test]
    fn labels_are_letters_digits_and_hyphens_inside() {
        for name in ["localhost", "a.b-c.9", "xn--bcher-kva.test"] {
            assert!(is_host_name(name), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["", "a..b", "-a.test", "a-.test", "A.test", "a_b.test", "a.test.", &long] {
            assert!(!is_host_name(name), "{name}");
        }
    }
}
