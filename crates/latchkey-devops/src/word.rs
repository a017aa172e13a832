//! Enums as DevOps clients write them: as a word in any case, or as the number of the original's enum.
//!
//! Answers always carry the word.

/// Makes an enum from one list of variants, words and numbers.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its word, in answers and in the database.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Its number in the original's enum.
            pub const fn number(self) -> i64 {
                match self { $(Self::$variant => $number),* }
            }

            /// Reads a word in any case, or a number.
            pub fn parse(text: &str) -> Option<Self> {
                let text = text.trim();
                let number = text.parse::<i64>().ok();
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.word().eq_ignore_ascii_case(text) || Some(value.number()) == number)
            }

            /// Reads a word or a number from JSON.
            pub fn read(value: &serde_json::Value) -> Option<Self> {
                match value {
                    serde_json::Value::String(text) => Self::parse(text),
                    serde_json::Value::Number(number) => {
                        let number = number.as_i64()?;
                        Self::ALL.iter().copied().find(|value| value.number() == number)
                    }
                    _ => None,
                }
            }

            /// Reads a set: words or numbers with commas between them, or one number whose bits are numbers.
            /// Only for enums whose numbers are bits.
            pub fn parse_set(text: &str) -> Option<Vec<Self>> {
                let mut set = Vec::new();
                for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                    match part.parse::<i64>() {
                        _ if part.eq_ignore_ascii_case("all") => set.extend_from_slice(Self::ALL),
                        Ok(bits) => {
                            let chosen = |value: &Self| value.number() != 0 && bits & value.number() == value.number();
                            set.extend(Self::ALL.iter().copied().filter(chosen));
                        }
                        Err(_) => set.push(Self::parse(part)?),
                    }
                }
                set.sort_unstable();
                set.dedup();
                Some(set)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }
    };
}

pub(crate) use words;
