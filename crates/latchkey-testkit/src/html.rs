//! As much of HTML as our own pages use: tags, attributes, text.

/// One piece of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Token {
    Open { name: String, attributes: Vec<(String, String)> },
    Close { name: String },
    Text(String),
}

impl Token {
    pub(crate) fn attribute(&self, wanted: &str) -> Option<&str> {
        match self {
            Self::Open { attributes, .. } => {
                attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
            }
            _ => None,
        }
    }

    pub(crate) fn opens(&self, wanted: &str) -> bool {
        matches!(self, Self::Open { name, .. } if name == wanted)
    }
}

const VOID: [&str; 9] = ["br", "hr", "img", "input", "link", "meta", "path", "rect", "source"];

/// Takes a page apart.
pub(crate) fn tokens(html: &str) -> Vec<Token> {
    let (mut tokens, mut rest) = (Vec::new(), html);
    while !rest.is_empty() {
        let Some(start) = rest.find('<') else {
            tokens.push(Token::Text(decode(rest)));
            break;
        };
        if start > 0 {
            tokens.push(Token::Text(decode(&rest[..start])));
        }
        let tag = &rest[start + 1..];
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = end_of_tag(tag);
        let (inside, after) = (&tag[..end], tag.get(end + 1..).unwrap_or_default());
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            tokens.push(Token::Close { name: name.trim().to_ascii_lowercase() });
        } else if !inside.starts_with('!') {
            tokens.push(open(inside.trim_end_matches('/')));
        }
    }
    tokens
}

/// A tag ends at the first `>` outside quotes.
fn end_of_tag(tag: &str) -> usize {
    let mut quote = None;
    for (index, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return index,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    tag.len()
}

fn open(inside: &str) -> Token {
    let name_end = inside.find(char::is_whitespace).unwrap_or(inside.len());
    let (name, mut rest) = inside.split_at(name_end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let attribute = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let Some(after) = rest.strip_prefix('=') else {
            attributes.push((attribute, String::new()));
            continue;
        };
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        attributes.push((attribute, decode(value)));
        rest = after;
    }
    Token::Open { name: name.to_ascii_lowercase(), attributes }
}

fn decode(text: &str) -> String {
    let (mut decoded, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() <= 8);
        let Some((name, after)) = entity else {
            decoded.push('&');
            rest = after;
            continue;
        };
        let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        });
        let character = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => number.and_then(char::from_u32).unwrap_or_else(|| panic!("&{name}; is not known here")),
        };
        decoded.push(character);
        rest = after;
    }
    decoded.push_str(rest);
    decoded
}

/// The text between a tag and its end, blanks made one.
pub(crate) fn text_from(tokens: &[Token], start: usize) -> String {
    let Some(Token::Open { name, .. }) = tokens.get(start) else { return String::new() };
    if VOID.contains(&name.as_str()) {
        return String::new();
    }
    let (mut depth, mut text) = (0_usize, String::new());
    for token in &tokens[start..] {
        match token {
            Token::Open { name: opened, .. } if opened == name => depth += 1,
            Token::Close { name: closed } if closed == name => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            Token::Text(piece) => text.push_str(piece),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_taken_apart_as_a_browser_would() {
        let html = r#"<p id="a">x &amp; <b>y</b></p><input name='n' value="&#34;>" checked>"#;
        let tokens = tokens(html);
        assert_eq!(text_from(&tokens, 0), "x & y");
        let input = tokens.iter().find(|token| token.opens("input")).unwrap();
        assert_eq!(input.attribute("value"), Some("\">"));
        assert_eq!(input.attribute("checked"), Some(""));
    }
}
