//! What pages say of the end of the older OAuth kind, to whom it concerns, from 90 days before on.

use latchkey_jose::Timestamp;

use crate::date;
use crate::sunset::{Phase, Sunset};

/// From so many days before the end on, it is urgent.
const URGENT_DAYS: u64 = 7;

/// How an organization is called to a reader who does not belong to it: nobody learns by owning an app where it is used.
pub const UNSEEN: &str = "an organization that you do not belong to";

/// Who is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reader {
    /// Who owns an app of the older kind.
    Owner,
    /// Who authorized one.
    Person,
    /// Who administers an organization that has some.
    Administrator,
}

/// What is said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SunsetNotice {
    /// Whether little time is left, or none.
    pub urgent: bool,
    /// What happens when, and what to do about it.
    pub sentence: String,
}

/// What to tell this reader of the end in an organization; nothing while it is far away or open, and nobody is to be warned yet.
pub fn notice(sunset: Sunset, organization: &str, reader: Reader, now: Timestamp) -> Option<SunsetNotice> {
    let phase = sunset.phase(now);
    if let Phase::Refused { since } = phase {
        let after = match reader {
            Reader::Owner => "Move the app, and people can use it there again.",
            Reader::Person => "It cannot act there any more.",
            Reader::Administrator => "Move the date if something has to go on a little longer.",
        };
        let since = date::in_words(since);
        let organization = beginning(organization);
        let sentence = format!("{organization} has accepted no apps of the older kind since {since}. {after}");
        return Some(SunsetNotice { urgent: true, sentence });
    }
    let then = match reader {
        Reader::Owner => "Move the app before then.",
        Reader::Person => {
            "Ask whoever runs it whether it has moved; a new app asks you once, and takes over what you allowed."
        }
        Reader::Administrator => "See below who still uses one.",
    };
    if let (Some(end), Some(days)) = (sunset.refuse_from(), sunset.days_left(now))
        && (sunset.due(now).is_some() || matches!(phase, Phase::Warned { .. }))
    {
        let left = match days {
            0 => "in less than a day".to_owned(),
            1 => "in 1 day".to_owned(),
            days => format!("in {days} days"),
        };
        let end = date::in_words(end);
        let sentence = format!("Apps of the older kind stop working in {organization} {left}, on {end}. {then}");
        return Some(SunsetNotice { urgent: days <= URGENT_DAYS, sentence });
    }
    matches!(phase, Phase::Warned { .. }).then(|| SunsetNotice {
        urgent: false,
        sentence: format!(
            "{} is going to end apps of the older kind. There is no date yet. {then}",
            beginning(organization)
        ),
    })
}

/// How a sentence begins with an organization: its name as it is, and what stands for a name with a capital.
fn beginning(organization: &str) -> &str {
    if organization == UNSEEN { "An organization that you do not belong to" } else { organization }
}

#[cfg(test)]
mod tests {
    use latchkey_jose::time;

    use super::*;

    const END: Timestamp = Timestamp::from_secs(1_790_000_000);

    fn before(days: u32) -> Timestamp {
        END - time::days(days)
    }

    fn told(days: u32, reader: Reader) -> Option<(bool, String)> {
        let sunset = Sunset::new(None, Some(END)).unwrap();
        notice(sunset, "harbor", reader, before(days)).map(|notice| (notice.urgent, notice.sentence))
    }

    #[test]
    fn from_ninety_days_before_on_it_is_said_how_many_are_left_and_what_to_do() {
        assert_eq!(told(91, Reader::Owner), None);
        for (days, urgent) in [(90, false), (30, false), (8, false), (7, true), (1, true)] {
            let (is_urgent, sentence) = told(days, Reader::Owner).unwrap();
            let unit = if days == 1 { "day" } else { "days" };
            let expected = format!(
                "Apps of the older kind stop working in harbor in {days} {unit}, on 21 September 2026. Move the app before then."
            );
            assert_eq!((is_urgent, sentence), (urgent, expected));
        }
        let noon = before(1) + time::days(1) / 2;
        let hours = notice(Sunset::new(None, Some(END)).unwrap(), "harbor", Reader::Administrator, noon);
        assert!(hours.unwrap().sentence.contains("in less than a day, on 21 September 2026. See below"));
        assert!(told(30, Reader::Person).unwrap().1.contains("Ask whoever runs it"));
    }

    #[test]
    fn after_the_end_it_is_said_that_it_is_over() {
        for reader in [Reader::Owner, Reader::Person, Reader::Administrator] {
            let (urgent, sentence) = told(0, reader).unwrap();
            assert!(urgent && sentence.starts_with("harbor has accepted no apps of the older kind since 21 September"));
        }
    }

    #[test]
    fn a_warning_without_a_date_says_that_there_is_none_and_no_warning_says_nothing() {
        let warned = notice(Sunset::new(Some(END), None).unwrap(), "harbor", Reader::Owner, END);
        assert!(warned.unwrap().sentence.contains("There is no date yet."));
        assert_eq!(notice(Sunset::new(Some(END), None).unwrap(), "harbor", Reader::Owner, before(1)), None);
        assert_eq!(notice(Sunset::NONE, "harbor", Reader::Owner, END), None);
        let early = notice(Sunset::new(Some(before(200)), Some(END)).unwrap(), "harbor", Reader::Person, before(150));
        assert!(early.unwrap().sentence.contains("in 150 days"), "warned of earlier by choice");
        let late = notice(Sunset::new(Some(before(1)), Some(END)).unwrap(), "harbor", Reader::Person, before(30));
        assert!(late.is_some(), "whatever the warning, ninety days before everybody is told");
    }
}
