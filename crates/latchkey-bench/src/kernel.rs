//! What the kernel knows: the processor time and memory of a process, the machine, its load.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::problem::{Outcome, Problem};

/// Bytes of a mebibyte.
pub(crate) const MIB: f64 = 1_048_576.0;

/// A running process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// The processor time that it has used so far, all threads, user and system.
    pub(crate) fn cpu(self) -> Outcome<Duration> {
        let ticks = cpu_ticks(&self.file("stat")?).ok_or_else(|| Problem::new("/proc/*/stat is not as expected"))?;
        let per_second = u32::try_from(rustix::param::clock_ticks_per_second())?;
        Ok(Duration::from_secs(ticks) / per_second)
    }

    /// The memory that it holds now, in MiB.
    pub(crate) fn memory(self) -> Outcome<f64> {
        let kib = resident_kib(&self.file("status")?);
        kib.map(|kib| kib as f64 * 1_024.0 / MIB).ok_or_else(|| Problem::new("/proc/*/status is not as expected"))
    }

    fn file(self, name: &str) -> Outcome<String> {
        read(Path::new(&format!("/proc/{}/{name}", self.0)))
    }
}

/// The processor time of this process, all threads.
pub(crate) fn own_cpu() -> Duration {
    time_of(ClockId::ProcessCPUTime)
}

/// The processor time of this thread.
pub(crate) fn thread_cpu() -> Duration {
    time_of(ClockId::ThreadCPUTime)
}

/// The average number of running programs over the last minute.
pub(crate) fn load_average() -> Outcome<f64> {
    let text = read(Path::new("/proc/loadavg"))?;
    first_number(&text).ok_or_else(|| Problem::new("/proc/loadavg is not as expected"))
}

/// The machine in a line: processor, cores, kernel.
pub(crate) fn machine() -> Outcome<String> {
    let processors = read(Path::new("/proc/cpuinfo"))?;
    let kernel = read(Path::new("/proc/sys/kernel/osrelease"))?;
    Ok(format!("{} x {}, Linux {}", cores(), model(&processors).unwrap_or("processor"), kernel.trim()))
}

/// How many cores there are.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn time_of(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(Problem::at("read", path))
}

/// Fields 14 and 15 of `/proc/<pid>/stat`. The name before them, in parentheses, may itself hold spaces and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(ticks()? + ticks()?)
}

/// `VmRSS` of `/proc/<pid>/status`, in KiB.
fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

fn first_number(text: &str) -> Option<f64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}

fn model(processors: &str) -> Option<&str> {
    let line = processors.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_user_and_system_whatever_the_program_is_called() {
        let stat = "7 (a) S (b c) S 1 7 7 0 -1 4194560 9 0 0 0 250 50 1 2 20 0 4 0 100 1 2 3";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("7 (cut off) S 1 7"), None);
        assert_eq!(cpu_ticks(""), None);
    }

    #[test]
    fn memory_is_what_is_resident() {
        let status = "Name:\tlatchkey\nVmPeak:\t  200000 kB\nVmRSS:\t   18432 kB\nThreads:\t5\n";
        assert_eq!(resident_kib(status), Some(18_432));
        assert_eq!(resident_kib("Name:\tkthreadd\n"), None);
    }

    #[test]
    fn the_machine_is_told_from_what_the_kernel_says() {
        assert_eq!(model("processor\t: 0\nmodel name\t: EPYC 9B14\n"), Some("EPYC 9B14"));
        assert_eq!(first_number("1.52 1.20 0.90 2/300 4242\n"), Some(1.52));
    }

    #[test]
    fn this_process_has_memory_and_has_used_time() {
        let this = Process(std::process::id());
        assert!(this.memory().unwrap() > 0.5);
        assert!(this.cpu().unwrap() <= own_cpu() + Duration::from_secs(1));
        assert!(thread_cpu() <= own_cpu());
    }
}
