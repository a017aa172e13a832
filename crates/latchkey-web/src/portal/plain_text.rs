//! What people wrote as HTML, as plain text: pages never show markup that came from somebody.

/// The text of a piece of HTML. Where a browser would begin a new line, so does the text.
pub(super) fn of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        push(&mut text, before);
        let Some((tag, after)) = after.split_once('>') else {
            // No tag: a sign that somebody wrote.
            text.push('<');
            rest = after;
            continue;
        };
        if !begins_a_tag(tag) {
            text.push('<');
            push(&mut text, tag);
            text.push('>');
        } else if breaks_the_line(tag) {
            text.push('\n');
        }
        rest = after;
    }
    push(&mut text, rest);
    tidy(&text)
}

fn begins_a_tag(tag: &str) -> bool {
    tag.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '!'))
}

fn breaks_the_line(tag: &str) -> bool {
    let name: String =
        tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    matches!(name.as_str(), "br" | "p" | "div" | "li" | "ul" | "ol" | "tr" | "pre" | "h1" | "h2" | "h3" | "h4")
}

/// Adds text with its entities resolved.
fn push(text: &mut String, mut part: &str) {
    const ENTITIES: [(&str, char); 7] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
        ("&apos;", '\''),
        ("&nbsp;", ' '),
        ("&amp;", '&'),
    ];
    while let Some(at) = part.find('&') {
        let (before, from) = part.split_at(at);
        text.push_str(before);
        let found = ENTITIES.into_iter().find_map(|(entity, letter)| Some((letter, from.strip_prefix(entity)?)));
        let (letter, after) = found.unwrap_or(('&', from.strip_prefix('&').unwrap_or_default()));
        text.push(letter);
        part = after;
    }
    text.push_str(part);
}

/// At most one empty line between lines, and none around them.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_goes_and_lines_stay() {
        assert_eq!(of_html("<div>Seen <b>twice</b>.</div><div>Look&nbsp;up.</div>"), "Seen twice.\n\nLook up.");
        assert_eq!(of_html("one<br>two<br/>three"), "one\ntwo\nthree");
        assert_eq!(of_html("<p>a</p>\n\n\n<p>b</p>"), "a\n\nb");
    }

    #[test]
    fn what_only_looks_like_markup_is_text() {
        assert_eq!(of_html("1 < 2 and 3 > 2"), "1 < 2 and 3 > 2");
        assert_eq!(of_html("&lt;script&gt; &amp;amp; &unknown; &"), "<script> &amp; &unknown; &");
        assert_eq!(of_html("a <"), "a <");
    }
}
