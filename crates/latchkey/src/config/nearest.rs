//! What was probably meant.

/// The one of `known` that `written` is nearest to, if it is near at all.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong, and always two.
    let most = (written.chars().count() / 3).max(2);
    let key = |text: &str| text.to_lowercase().replace('-', "_");
    let written = key(written);
    let near = known.into_iter().map(|known| (distance(&written, &key(known)), known));
    near.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// How many letters must be added, left out, changed or swapped with their neighbour to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut before = None;
    for letter in one.chars() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = row.first().copied().unwrap_or_default() + 1;
        next.push(left);
        let mut last = None;
        for (column, &theirs) in other.iter().enumerate() {
            let diagonal = row.get(column).copied().unwrap_or_default();
            let up = row.get(column + 1).copied().unwrap_or_default();
            let mut best = (diagonal + usize::from(letter != theirs)).min(up + 1).min(left + 1);
            let swapped = before == Some(theirs) && last == Some(letter);
            if swapped && let Some(corner) = column.checked_sub(1).and_then(|column| above.get(column)) {
                best = best.min(corner + 1);
            }
            next.push(best);
            left = best;
            last = Some(theirs);
        }
        before = Some(letter);
        above = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_left_out_added_changed_or_swapped_are_forgiven() {
        for (written, meant) in [
            ("lisen", Some("listen")),
            ("listten", Some("listen")),
            ("lsiten", Some("listen")),
            ("Listen", Some("listen")),
            ("behind-proxy", Some("behind_proxy")),
            ("certificat", Some("certificate")),
            ("colour", None),
        ] {
            assert_eq!(nearest(written, ["url", "listen", "certificate", "behind_proxy"]), meant, "{written}");
        }
    }

    #[test]
    fn the_distance_counts_each_step_once() {
        for (one, other, steps) in [("", "abc", 3), ("abc", "abc", 0), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(one, other), steps, "{one} {other}");
        }
    }
}
