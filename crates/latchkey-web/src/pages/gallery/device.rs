//! The pages of a device code.

use super::{Invent, Shown, before, now};
use crate::pages::Remaining;
use crate::pages::device::{Device, DeviceConfirm, DeviceDone, DeviceFace, DeviceTrouble};

pub(super) fn pages(invent: &Invent<'_>) -> Vec<Shown> {
    let typed = |trouble| Device { frame: invent.nobodys_frame(), user_code: invent.say("WDJB-MJHT"), trouble };
    let done = |approved| DeviceDone { frame: invent.frame(), approved };
    vec![
        Shown::new("device", &Device { user_code: String::new(), ..typed(None) }),
        Shown::new("device-typed", &typed(None)),
        Shown::new("device-unknown", &typed(Some(DeviceTrouble::Unknown))),
        Shown::new("device-throttled", &typed(Some(DeviceTrouble::Throttled(Remaining(300))))),
        Shown::new(
            "device-confirm",
            &DeviceConfirm { frame: invent.nobodys_frame(), app: invent.burndown(), device: invent.device() },
        ),
        Shown::new("device-done", &done(true)),
        Shown::new("device-denied", &done(false)),
    ]
}

impl Invent<'_> {
    pub(super) fn device(&self) -> DeviceFace {
        DeviceFace {
            user_code: self.say("WDJB-MJHT"),
            address: self.say("198.51.100.7"),
            asked: before(120_000_000).before(now()),
        }
    }
}
