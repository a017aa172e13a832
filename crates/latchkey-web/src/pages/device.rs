//! Connecting a device: its code is typed, the person is told what asks, and goes back to it.

use askama::Template;

use super::{Ago, AppFace, Frame, Remaining};

/// Where the code of a device is typed. Posts `user_code` to `/device`.
#[derive(Template)]
#[template(path = "device.html")]
pub struct Device {
    /// What every page needs.
    pub frame: Frame,
    /// What is typed already: the device's link brings it along.
    pub user_code: String,
    /// Why what was typed led nowhere.
    pub trouble: Option<DeviceTrouble>,
}

/// Why a code led nowhere.
#[derive(Clone, Copy)]
pub enum DeviceTrouble {
    /// No device shows it, or not any more.
    Unknown,
    /// Too many were wrong.
    Throttled(Remaining),
}

/// What is known of a device that asks.
pub struct DeviceFace {
    /// The code that it shows.
    pub user_code: String,
    /// Where it asked from.
    pub address: String,
    /// When: `2 minutes ago`.
    pub asked: Ago,
}

/// Tells what asks before anything happens. Posts `user_code` to `/device/continue`.
#[derive(Template)]
#[template(path = "device_confirm.html")]
pub struct DeviceConfirm {
    /// What every page needs.
    pub frame: Frame,
    /// The app on the device.
    pub app: AppFace,
    /// The device.
    pub device: DeviceFace,
}

/// What comes after the answer: the person goes back to the device.
#[derive(Template)]
#[template(path = "device_done.html")]
pub struct DeviceDone {
    /// What every page needs.
    pub frame: Frame,
    /// Whether something was approved.
    pub approved: bool,
}
