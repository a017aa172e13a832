//! Access levels: what a person's licence lets them use. Not a permission.

use std::fmt;

/// What a person's licence in an organization lets them use, from least to most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AccessLevel {
    /// Work items and the sight of builds; no code.
    Stakeholder,
    /// Work items, code, builds.
    Basic,
    /// Basic, and test plans.
    BasicAndTestPlans,
}

impl AccessLevel {
    /// Every level, from least to most.
    pub const ALL: [Self; 3] = [Self::Stakeholder, Self::Basic, Self::BasicAndTestPlans];

    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stakeholder => "Stakeholder",
            Self::Basic => "Basic",
            Self::BasicAndTestPlans => "Basic + Test Plans",
        }
    }

    /// The name in entitlements, `accountLicenseType`. Also what the database holds.
    pub fn licence(self) -> &'static str {
        match self {
            Self::Stakeholder => "stakeholder",
            Self::Basic => "express",
            Self::BasicAndTestPlans => "advanced",
        }
    }

    /// Finds a level by its licence name, in any case.
    pub fn from_licence(licence: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.licence().eq_ignore_ascii_case(licence))
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_found_by_their_licence() {
        assert!(AccessLevel::Stakeholder < AccessLevel::Basic);
        for level in AccessLevel::ALL {
            assert_eq!(AccessLevel::from_licence(&level.licence().to_uppercase()), Some(level));
        }
        assert_eq!(AccessLevel::from_licence("gold"), None);
    }
}
