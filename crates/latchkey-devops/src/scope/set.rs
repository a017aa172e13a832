//! Sets of scopes: what a token has, and what two of them have in common.

use std::fmt;

use super::Scope;

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u128);

impl Scopes {
    /// No scope.
    pub const NONE: Self = Self(0);

    /// Everything the person may do. A person at our own pages has it.
    pub const EVERYTHING: Self = Self(Scope::UserImpersonation.bit());

    /// Every scope by name.
    const ALL: Self = Self(u128::MAX >> (128 - Scope::ALL.len()));

    /// Reads a space-separated list, in any of the forms of a scope. Words that are not ours are left out.
    pub fn parse(list: &str) -> Self {
        list.split_ascii_whitespace().filter_map(Scope::parse).collect()
    }

    /// Whether the set names the scope itself.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether having this set is having the scope.
    pub fn implies(self, scope: Scope) -> bool {
        self.implied() & scope.bit() != 0
    }

    /// Whether having this set is having the whole other.
    pub fn implies_all(self, others: Self) -> bool {
        others.0 & !self.implied() == 0
    }

    /// What having both sets amounts to: the scopes that each of them implies.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.implied() & other.implied() & Self::ALL.0)
    }

    fn implied(self) -> u128 {
        let mut left = self.0;
        let mut implied = 0;
        while left != 0 {
            let scope = Scope::ALL.get(left.trailing_zeros() as usize);
            implied |= scope.map_or(0, |scope| scope.implied());
            left &= left - 1;
        }
        implied
    }

    /// The set with a scope added.
    #[must_use]
    pub fn with(self, scope: Scope) -> Self {
        Self(self.0 | scope.bit())
    }

    /// The set without a scope.
    #[must_use]
    pub fn without(self, scope: Scope) -> Self {
        Self(self.0 & !scope.bit())
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        Self::NONE.with(scope)
    }
}

/// Space-separated, as a `scope` parameter.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Scope::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_sets_have_in_common_is_what_each_of_them_implies() {
        let wide = Scopes::parse("vso.work_write vso.code");
        let narrow = Scopes::parse("vso.work");
        let both = wide.common(narrow);
        assert!(both.implies(Scope::WorkRead) && !both.implies(Scope::WorkWrite) && !both.implies(Scope::CodeRead));
        let of_everything = Scopes::EVERYTHING.common(narrow);
        assert!(of_everything.implies_all(narrow) && narrow.implies_all(of_everything));
        assert!(wide.common(Scopes::NONE).is_empty());
        for a in Scope::ALL {
            for b in Scope::ALL {
                let both = Scopes::from(*a).common(Scopes::from(*b));
                let each: Scopes =
                    Scope::ALL.iter().copied().filter(|one| a.implies(*one) && b.implies(*one)).collect();
                assert!(both.implies_all(each) && each.implies_all(both), "{a} {b}");
            }
        }
    }

    #[test]
    fn a_list_is_read_and_written_the_same() {
        let scopes = Scopes::parse("openid vso.code_write  vso.work offline_access");
        assert_eq!(scopes.to_string(), "vso.work vso.code_write");
        assert_eq!(Scopes::parse(&scopes.to_string()), scopes);
    }
}
