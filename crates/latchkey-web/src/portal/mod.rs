//! What pages for people do: Manage authorizations, sessions, apps, organizations.
