//! What is wrong with a form that came in.

/// What is wrong with one field, said so that a person can mend it.
#[derive(Clone)]
pub struct Problem {
    /// The id of the field.
    pub field: String,
    /// A whole sentence.
    pub sentence: String,
}

/// Everything that is wrong with a form. Shown in a summary at the top, and at each field.
#[derive(Clone, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// What is wrong with this field, if anything.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|problem| problem.field == field).map(|problem| problem.sentence.as_str())
    }
}
