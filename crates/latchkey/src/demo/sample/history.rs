//! What was committed to the sample's repositories, the oldest first.

use super::people::{ANA, BEN, EVE, MAX, Somebody};

/// A commit as it was written.
pub(crate) struct Written {
    /// By whom.
    pub(crate) by: &'static Somebody,
    /// What it says.
    pub(crate) message: &'static str,
    /// The files it writes, with what is in them from then on.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

const fn written(
    by: &'static Somebody,
    message: &'static str,
    files: &'static [(&'static str, &'static str)],
) -> Written {
    Written { by, message, files }
}

/// The software of the light, on its main branch.
pub(crate) const LIGHTHOUSE: &[Written] = &[
    written(
        &ANA,
        "Begin",
        &[("README.md", "# lighthouse\n\nThe software of the light at harbor.\n"), (".gitignore", "/target\n")],
    ),
    written(
        &ANA,
        "A package to build",
        &[
            ("Cargo.toml", "[package]\nname = \"light\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
            ("src/main.rs", "fn main() {}\n"),
        ],
    ),
    written(
        &BEN,
        "A lamp that can be on or off",
        &[
            ("src/lamp.rs", "pub struct Lamp {\n    pub lit: bool,\n}\n"),
            ("src/main.rs", "mod lamp;\n\nfn main() {}\n"),
        ],
    ),
    written(
        &BEN,
        "Light it at dusk",
        &[(
            "src/lamp.rs",
            "pub struct Lamp {\n    pub lit: bool,\n}\n\nimpl Lamp {\n    pub fn at(hour: u8) -> Self {\n        Self { lit: !(6..18).contains(&hour) }\n    }\n}\n",
        )],
    ),
    written(
        &MAX,
        "Say what the pattern is",
        &[("docs/pattern.md", "# The pattern\n\nTwo flashes every ten seconds.\n")],
    ),
    written(
        &BEN,
        "Flash twice every ten seconds",
        &[
            ("src/pattern.rs", "pub fn bright(second: u64) -> bool {\n    matches!(second % 10, 0 | 2)\n}\n"),
            ("src/main.rs", "mod lamp;\nmod pattern;\n\nfn main() {}\n"),
        ],
    ),
    written(
        &BEN,
        "Test the pattern",
        &[(
            "src/pattern.rs",
            "pub fn bright(second: u64) -> bool {\n    matches!(second % 10, 0 | 2)\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn two_flashes_in_ten_seconds() {\n        assert_eq!((0..10).filter(|second| super::bright(*second)).count(), 2);\n    }\n}\n",
        )],
    ),
    written(&ANA, "Build it with every push", &[("ci.yml", "steps:\n  - cargo build --release\n  - cargo test\n")]),
    written(&MAX, "Who to call at night", &[("docs/on-call.md", "# On call\n\nFirst Ben, then Max, then Ana.\n")]),
    written(&BEN, "Measure the voltage", &[("src/regulator.rs", "pub struct Reading {\n    pub volts: f64,\n}\n")]),
    written(
        &BEN,
        "Dim the lamp when the voltage falls",
        &[(
            "src/regulator.rs",
            "pub struct Reading {\n    pub volts: f64,\n}\n\nimpl Reading {\n    pub fn brightness(&self) -> f64 {\n        (self.volts / 24.0).clamp(0.0, 1.0)\n    }\n}\n",
        )],
    ),
    written(
        &MAX,
        "Keep a log",
        &[(
            "src/log.rs",
            "pub fn line(minute: u64, brightness: f64) -> String {\n    format!(\"{minute} {brightness:.2}\")\n}\n",
        )],
    ),
    written(
        &MAX,
        "One line a minute",
        &[(
            "src/log.rs",
            "/// One line a minute, kept for a year.\npub fn line(minute: u64, brightness: f64) -> String {\n    format!(\"{minute} {brightness:.2}\")\n}\n",
        )],
    ),
    written(
        &BEN,
        "Write the log to disk",
        &[(
            "src/store.rs",
            "use std::io::Write;\n\npub fn keep(file: &mut std::fs::File, line: &str) -> std::io::Result<()> {\n    writeln!(file, \"{line}\")\n}\n",
        )],
    ),
    written(
        &ANA,
        "Version 0.2.0",
        &[
            ("Cargo.toml", "[package]\nname = \"light\"\nversion = \"0.2.0\"\nedition = \"2024\"\n"),
            ("CHANGELOG.md", "# Changes\n\n## 0.2.0\n\nThe lamp keeps a log.\n"),
        ],
    ),
    written(
        &BEN,
        "Do not write half a line",
        &[(
            "src/store.rs",
            "use std::io::Write;\n\npub fn keep(file: &mut std::fs::File, line: &str) -> std::io::Result<()> {\n    file.write_all(format!(\"{line}\\n\").as_bytes())?;\n    file.sync_data()\n}\n",
        )],
    ),
    written(
        &MAX,
        "How to read the log",
        &[("docs/log.md", "# The log\n\nThe minute since midnight, and how bright it was from 0 to 1.\n")],
    ),
    written(
        &BEN,
        "A watchdog for the lamp",
        &[(
            "src/watchdog.rs",
            "pub fn is_dark(lines: &[f64]) -> bool {\n    lines.iter().rev().take(3).all(|brightness| *brightness < 0.2)\n}\n",
        )],
    ),
    written(
        &BEN,
        "Three dark minutes are enough",
        &[(
            "src/watchdog.rs",
            "/// Three dark minutes in a row: somebody has to climb the stairs.\npub fn is_dark(lines: &[f64]) -> bool {\n    lines.len() >= 3 && lines.iter().rev().take(3).all(|brightness| *brightness < 0.2)\n}\n",
        )],
    ),
    written(&ANA, "Name what ships may expect", &[("docs/visibility.md", "# Visibility\n\n18 miles in clear air.\n")]),
    written(&MAX, "Order the lens", &[("docs/lens.md", "# The lens\n\nFirst order, 920 mm, six weeks.\n")]),
    written(
        &BEN,
        "Reproduce the flicker",
        &[(
            "tests/northerly.rs",
            "// Gusts every three seconds, as recorded in the last storm.\nconst GUSTS: [f64; 4] = [24.0, 17.0, 24.0, 17.0];\n\n#[test]\nfn it_holds_steady_in_a_northerly() {\n    assert!(GUSTS.iter().all(|volts| *volts > 16.0));\n}\n",
        )],
    ),
    written(
        &BEN,
        "A better regulator",
        &[(
            "src/regulator.rs",
            "pub struct Reading {\n    pub volts: f64,\n}\n\nimpl Reading {\n    /// The new regulator holds down to 18 volts.\n    pub fn brightness(&self) -> f64 {\n        (self.volts / 18.0).clamp(0.0, 1.0)\n    }\n}\n",
        )],
    ),
    written(
        &MAX,
        "The supplier is late",
        &[("docs/lens.md", "# The lens\n\nFirst order, 920 mm. Promised in six weeks; late.\n")],
    ),
    written(
        &BEN,
        "Watch the watchdog",
        &[(
            "src/watchdog.rs",
            "/// Three dark minutes in a row: somebody has to climb the stairs.\npub fn is_dark(lines: &[f64]) -> bool {\n    lines.len() >= 3 && lines.iter().rev().take(3).all(|brightness| *brightness < 0.2)\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn two_dark_minutes_are_a_cloud() {\n        assert!(!super::is_dark(&[0.1, 0.1]));\n    }\n}\n",
        )],
    ),
    written(
        &ANA,
        "Version 0.3.0",
        &[
            ("Cargo.toml", "[package]\nname = \"light\"\nversion = \"0.3.0\"\nedition = \"2024\"\n"),
            (
                "CHANGELOG.md",
                "# Changes\n\n## 0.3.0\n\nA watchdog, and a better regulator.\n\n## 0.2.0\n\nThe lamp keeps a log.\n",
            ),
        ],
    ),
    written(
        &MAX,
        "Another supplier",
        &[("docs/lens.md", "# The lens\n\nFirst order, 920 mm. Another supplier, four weeks.\n")],
    ),
    written(
        &BEN,
        "Log what the watchdog sees",
        &[(
            "src/log.rs",
            "/// One line a minute, kept for a year.\npub fn line(minute: u64, brightness: f64, dark: bool) -> String {\n    format!(\"{minute} {brightness:.2}{}\", if dark { \" DARK\" } else { \"\" })\n}\n",
        )],
    ),
    written(
        &MAX,
        "Explain DARK",
        &[(
            "docs/log.md",
            "# The log\n\nThe minute since midnight, and how bright it was from 0 to 1.\nDARK means that somebody has to climb the stairs.\n",
        )],
    ),
    written(
        &ANA,
        "Say how to build it",
        &[(
            "README.md",
            "# lighthouse\n\nThe software of the light at harbor.\n\n    cargo build --release\n    cargo test\n",
        )],
    ),
];

/// The branch that is proposed to be merged into it.
pub(crate) const STEADY_LAMP: &[Written] = &[
    written(
        &BEN,
        "Average the voltage over a second",
        &[(
            "src/regulator.rs",
            "pub struct Reading {\n    pub volts: [f64; 10],\n}\n\nimpl Reading {\n    /// Averaged over a second: a gust is shorter than that.\n    pub fn brightness(&self) -> f64 {\n        let mean = self.volts.iter().sum::<f64>() / 10.0;\n        (mean / 18.0).clamp(0.0, 1.0)\n    }\n}\n",
        )],
    ),
    written(
        &BEN,
        "Hold the lamp steady in a northerly",
        &[(
            "tests/northerly.rs",
            "// Gusts every three seconds, as recorded in the last storm.\nconst GUSTS: [f64; 4] = [24.0, 17.0, 24.0, 17.0];\n\n#[test]\nfn it_holds_steady_in_a_northerly() {\n    let mean = GUSTS.iter().sum::<f64>() / 4.0;\n    assert!(mean > 18.0);\n}\n",
        )],
    ),
];

/// The software of the foghorn.
pub(crate) const FOGHORN: &[Written] = &[
    written(&MAX, "Begin", &[("README.md", "# foghorn\n\nTwo blasts when a ship asks.\n")]),
    written(&MAX, "Two blasts", &[("horn.py", "def blasts():\n    return 2\n")]),
    written(&ANA, "Listen before it sounds", &[("listen.py", "def somebody_asks(level):\n    return level > 40\n")]),
    written(
        &ANA,
        "Do not answer the echo",
        &[("listen.py", "PAUSE = 5\n\n\ndef somebody_asks(level, since):\n    return level > 40 and since > PAUSE\n")],
    ),
    written(&BEN, "Build it every night", &[("ci.yml", "schedule: nightly\nsteps:\n  - python3 -m unittest\n")]),
    written(
        &MAX,
        "Test the pause",
        &[(
            "test_listen.py",
            "import unittest\n\nfrom listen import somebody_asks\n\n\nclass Listen(unittest.TestCase):\n    def test_an_echo_is_not_answered(self):\n        self.assertFalse(somebody_asks(90, 1))\n",
        )],
    ),
];

/// The software of the dry dock.
pub(crate) const DRYDOCK: &[Written] = &[
    written(&ANA, "Begin", &[("README.md", "# drydock\n\nHow much water is in the dock.\n")]),
    written(&MAX, "Read the gauge", &[("gauge.py", "def depth(raw):\n    return raw / 100\n")]),
    written(
        &MAX,
        "Dock two reads 4 cm too much",
        &[("gauge.py", "OFFSET = {2: 0.04}\n\n\ndef depth(dock, raw):\n    return raw / 100 - OFFSET.get(dock, 0)\n")],
    ),
    written(&ANA, "Build it", &[("ci.yml", "steps:\n  - python3 -m unittest\n")]),
];

/// The papers of the small light on the other side.
pub(crate) const BEACON: &[Written] = &[
    written(&EVE, "Begin", &[("README.md", "# beacon\n\nA small light.\n")]),
    written(&EVE, "How to change the bulb", &[("docs/bulb.md", "# The bulb\n\nEvery spring, counterclockwise.\n")]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_light_has_thirty_commits_and_each_says_something_else() {
        assert_eq!(LIGHTHOUSE.len(), 30);
        let mut messages: Vec<_> = LIGHTHOUSE.iter().chain(STEADY_LAMP).map(|written| written.message).collect();
        messages.sort_unstable();
        messages.dedup();
        assert_eq!(messages.len(), 32);
    }
}
