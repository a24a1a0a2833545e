//! Wall and CPU time.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// What something cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Elapsed time.
    pub(crate) wall: Duration,
    /// Time on processors; `None` where the system does not tell.
    pub(crate) cpu: Option<Duration>,
}

impl Cost {
    /// The CPU time, or the wall time where that is unknown.
    pub(crate) fn best(self) -> Duration {
        self.cpu.unwrap_or(self.wall)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s wall", self.wall.as_secs_f64())?;
        match self.cpu {
            Some(cpu) => write!(f, ", {:.2} s CPU", cpu.as_secs_f64()),
            None => Ok(()),
        }
    }
}

/// The cost of `work` on this thread.
pub(crate) fn measure(work: impl FnOnce()) -> Cost {
    let (wall, cpu) = (Instant::now(), thread_cpu());
    work();
    let cpu = thread_cpu().zip(cpu).map(|(end, start)| end.saturating_sub(start));
    Cost { wall: wall.elapsed(), cpu }
}

/// The cost of `work` and of the child processes that it waits for.
pub(crate) fn measure_children<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (wall, cpu) = (Instant::now(), children_cpu());
    let result = work();
    let cpu = children_cpu().zip(cpu).map(|(end, start)| end.saturating_sub(start));
    (result, Cost { wall: wall.elapsed(), cpu })
}

/// The middle of the costs by [`Cost::best`].
pub(crate) fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.best());
    costs.get(costs.len() / 2).copied().unwrap_or_default()
}

/// CPU time of this thread so far (Linux: proc(5), `schedstat`).
fn thread_cpu() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(stat.split_whitespace().next()?.parse().ok()?))
}

/// CPU time of this process so far, all threads (proc(5), fields 14 and 15 of `stat`).
pub(crate) fn process_cpu() -> Option<Duration> {
    ticks(11)
}

/// The largest resident size of this process so far in bytes (proc(5), `VmHWM`).
pub(crate) fn peak_memory() -> Option<u64> {
    peak_memory_of(std::process::id())
}

/// The same of another process.
pub(crate) fn peak_memory_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// CPU time of the children waited for so far (Linux: proc(5), fields 16 and 17 of `stat`, in ticks
/// of a hundredth of a second).
fn children_cpu() -> Option<Duration> {
    ticks(13)
}

/// The sum of two fields of `stat`, counted after the name.
fn ticks(first: usize) -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(first);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}
