//! Medians, percentiles and ratios.

use std::time::Duration;

/// The middle of some figures; of an even number the mean of the two in the middle. Nothing of nothing.
pub(crate) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let upper = *figures.get(middle)?;
    match middle.checked_sub(1).and_then(|below| figures.get(below)) {
        Some(lower) if figures.len().is_multiple_of(2) => Some(f64::midpoint(*lower, upper)),
        _ => Some(upper),
    }
}

/// The figure that `percent` of all figures do not exceed. Nothing of nothing.
pub(crate) fn percentile(sorted: &[Duration], percent: f64) -> Option<Duration> {
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Microseconds, with their fraction.
pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Milliseconds, with their fraction.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![5.0]), Some(5.0));
        assert_eq!(median(vec![9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(vec![9.0, 1.0, 5.0, 7.0]), Some(6.0));
    }

    #[test]
    fn a_percentile_is_one_of_the_figures() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_micros).collect();
        assert_eq!(percentile(&sorted, 50.0), Some(Duration::from_micros(100)));
        assert_eq!(percentile(&sorted, 99.0), Some(Duration::from_micros(198)));
        assert_eq!(percentile(&sorted, 100.0), Some(Duration::from_micros(200)));
        assert_eq!(percentile(&sorted[..1], 50.0), Some(Duration::from_micros(1)));
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn units_keep_their_fraction() {
        assert_eq!(micros(Duration::from_nanos(1_500)), 1.5);
        assert_eq!(millis(Duration::from_micros(1_500)), 1.5);
    }
}
