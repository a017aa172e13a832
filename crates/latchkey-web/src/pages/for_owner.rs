//! What an error page says beside, to whoever may change the app.

/// The cause of an error in full. Nobody else is shown it.
pub struct ForOwner {
    /// What the app is called.
    pub app: String,
    /// Where its registration is: `/apps/{id}`.
    pub registration: String,
    /// What is wrong, as sentences.
    pub cause: String,
    /// What came: the names of parameters and their values.
    pub received: Vec<(String, String)>,
    /// What would have been right, if that is registered.
    pub expected: Vec<String>,
}
