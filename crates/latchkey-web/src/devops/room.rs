//! Room in memory for content that is large, and stays until slow clients have it.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::sync::OwnedSemaphorePermit;

use super::error::ApiError;
use crate::app::App;

/// Room in memory for so many bytes of content, until the last of them is on its way.
pub(super) fn room(app: &App, bytes: u64) -> Result<OwnedSemaphorePermit, ApiError> {
    let full = |_| ApiError::Unavailable("too much content is on its way to other clients".to_owned());
    Arc::clone(&app.content).try_acquire_many_owned(mebibytes(bytes)).map_err(full)
}

/// Room that grows with what is in memory.
pub(super) struct GrowingRoom<'a> {
    app: &'a App,
    held: Option<OwnedSemaphorePermit>,
}

impl<'a> GrowingRoom<'a> {
    /// None as yet.
    pub(super) fn of(app: &'a App) -> Self {
        Self { app, held: None }
    }

    /// Makes it room for so many bytes in all.
    pub(super) fn hold(&mut self, bytes: u64) -> Result<(), ApiError> {
        let held = self.held.as_ref().map_or(0, |held| held.num_permits() as u64);
        if let Some(missing) = u64::from(mebibytes(bytes)).checked_sub(held + 1) {
            let more = room(self.app, missing << 20)?;
            match &mut self.held {
                Some(held) => held.merge(more),
                None => self.held = Some(more),
            }
        }
        Ok(())
    }

    /// What is held, until it is dropped.
    pub(super) fn take(self) -> Option<OwnedSemaphorePermit> {
        self.held
    }
}

fn mebibytes(bytes: u64) -> u32 {
    u32::try_from(bytes / (1 << 20) + 1).unwrap_or(u32::MAX)
}

/// Bytes in pieces. Their room is given back when they are gone; what of it was only for making them, at once.
pub(super) fn held(
    bytes: Vec<u8>,
    mut room: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + Unpin {
    const PIECE: usize = 64 * 1024;
    let room = room.split(mebibytes(bytes.len() as u64) as usize).unwrap_or(room);
    let mut rest = Bytes::from(bytes);
    let pieces = std::iter::from_fn(move || (!rest.is_empty()).then(|| rest.split_to(rest.len().min(PIECE))));
    stream::iter(pieces.map(move |piece| {
        let _held = &room;
        Ok(piece)
    }))
}
