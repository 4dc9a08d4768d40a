//! Measured values of one kind, told as `median [min–max]`.

use std::fmt;

/// Values in the order in which they were measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Not a number when nothing was measured.
    pub(crate) fn median(&self) -> f64 {
        let sorted = self.sorted();
        match sorted.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => sorted[length / 2],
            length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
        }
    }

    /// The largest value; what a peak is judged by.
    pub(crate) fn largest(&self) -> f64 {
        self.sorted().last().copied().unwrap_or(f64::NAN)
    }

    /// Each value over the value that `other` measured in the same round.
    pub(crate) fn over(&self, other: &Samples) -> Samples {
        Samples(
            self.0
                .iter()
                .zip(&other.0)
                .map(|(ours, theirs)| ours / theirs)
                .collect(),
        )
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

impl fmt::Display for Samples {
    /// With as many decimals as asked for: `{:.2}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(2);
        let sorted = self.sorted();
        match (sorted.first(), sorted.last()) {
            (Some(min), Some(max)) => {
                let median = self.median();
                write!(f, "{median:.decimals$} [{min:.decimals$}–{max:.decimals$}]")
            }
            _ => f.write_str("not measured"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_as_their_median_and_range() {
        let samples = Samples(vec![3.0, 1.0, 2.0]);
        assert_eq!(format!("{samples:.1}"), "2.0 [1.0–3.0]");
        assert_eq!(Samples(vec![1.0, 4.0]).median(), 2.5);
        assert_eq!(format!("{:.1}", Samples::default()), "not measured");
    }

    #[test]
    fn a_ratio_compares_what_was_measured_in_the_same_round() {
        let ratio = Samples(vec![3.0, 8.0]).over(&Samples(vec![1.0, 2.0]));
        assert_eq!(format!("{ratio:.0}"), "4 [3–4]");
    }
}
