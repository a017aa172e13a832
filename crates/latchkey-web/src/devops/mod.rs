//! The DevOps API and git over HTTP.
