//! The steps of a run: each announced, timed and added up.

use std::time::Instant;

use crate::count::Count;
use crate::problem::Outcome;

/// What all steps so far came to.
#[derive(Default)]
pub(crate) struct Report {
    total: Count,
    failed_steps: Vec<String>,
}

impl Report {
    /// Does one step. Answers whether all of it passed.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Outcome<Count>) -> bool {
        println!("==> {name}");
        let start = Instant::now();
        let outcome = work();
        let seconds = start.elapsed().as_secs_f64();
        let count = match outcome {
            Ok(count) => count,
            Err(problem) => {
                println!("{problem}");
                Count::FAILED
            }
        };
        let result = if count == Count::default() { "done".to_owned() } else { count.to_string() };
        println!("    {name}: {result}, {seconds:.1} s");
        self.total += count;
        if count.failed > 0 {
            self.failed_steps.push(name.to_owned());
        }
        count.failed == 0
    }

    /// Says what failed and ends with the line that adds up everything. Answers whether all steps passed.
    pub(crate) fn close(&self) -> bool {
        println!();
        if !self.failed_steps.is_empty() {
            println!("Failed: {}", self.failed_steps.join("; "));
        }
        println!("{}", self.total);
        self.total.failed == 0
    }
}
