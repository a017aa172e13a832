//! Device codes: what devices ask, until somebody answers.

use latchkey_identity::Timestamp;
use latchkey_identity::client::ClientId;
use latchkey_identity::grant::device_code::DeviceCode;
use latchkey_identity::grant::device_code::user_code::UserCode;
use latchkey_identity::secret::TokenHash;

use super::meaningless;
use crate::Store;
use crate::error::StoreError;
use crate::statement::{Changes, Sql};
use crate::value::Row;

macro_rules! whole {
    ($condition:literal) => {
        concat!(
            "SELECT hash, user_code, client, segment, origin, scope, client_info, address, started_at, answered_at, approved,
                    details
               FROM device_code WHERE ",
            $condition
        )
    };
}

/// Touches no row when another device has the same user code: then another one is drawn.
const START: Sql = Sql::guarded(
    "device_codes.start",
    "INSERT INTO device_code (hash, user_code, client, segment, origin, scope, client_info, address, started_at,
                              answered_at, approved, details)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
)
.by_key();

const ANSWER: Sql = Sql::guarded(
    "device_codes.answer",
    "UPDATE device_code SET answered_at = $2, approved = $3 WHERE hash = $1 AND answered_at IS NULL",
)
.by_key();

const BY_HASH: Sql = Sql::read("device_codes.by_hash", whole!("hash = $1")).by_key();

const BY_USER_CODE: Sql = Sql::read("device_codes.by_user_code", whole!("user_code = $1")).by_key();

pub(super) const ALL: &[&Sql] = &[&START, &ANSWER, &BY_HASH, &BY_USER_CODE];

pub(super) fn start(changes: &mut Changes, device: DeviceCode) {
    let values = vec![
        device.hash.0.into(),
        device.user_code.as_str().into(),
        device.client.0.into(),
        device.segment.into(),
        device.origin.into(),
        device.scope.into(),
        device.client_info.into(),
        device.address.into(),
        device.started_at.into(),
        device.answered_at.into(),
        device.approved.into(),
        device.details.into(),
    ];
    changes.write(&START, values);
}

pub(super) fn answer(changes: &mut Changes, device: TokenHash, approved: bool, at: Timestamp) {
    changes.write(&ANSWER, vec![device.0.into(), at.into(), approved.into()]);
}

fn from_row(row: &Row) -> Result<DeviceCode, StoreError> {
    let user_code = row.text(1)?;
    Ok(DeviceCode {
        hash: TokenHash(row.array(0)?),
        user_code: UserCode::parse(user_code).ok_or_else(|| meaningless("user code", user_code))?,
        client: ClientId(row.uuid(2)?),
        segment: row.text(3)?.to_owned(),
        origin: row.text(4)?.to_owned(),
        scope: row.text(5)?.to_owned(),
        details: row.opt_text(11)?.map(str::to_owned),
        client_info: row.bool(6)?,
        address: row.text(7)?.to_owned(),
        started_at: row.time(8)?,
        answered_at: row.opt_time(9)?,
        approved: row.bool(10)?,
    })
}

impl Store {
    /// What a device asks, answered or not.
    pub async fn device_code(&self, hash: TokenHash) -> Result<Option<DeviceCode>, StoreError> {
        self.read_one(&BY_HASH, vec![hash.0.into()]).await?.as_ref().map(from_row).transpose()
    }

    /// The same, by the code that a person typed.
    pub async fn device_of(&self, user_code: &UserCode) -> Result<Option<DeviceCode>, StoreError> {
        self.read_one(&BY_USER_CODE, vec![user_code.as_str().into()]).await?.as_ref().map(from_row).transpose()
    }
}
