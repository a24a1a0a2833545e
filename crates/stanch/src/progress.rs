//! The progress line on standard error.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Runs shorter than this show no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line that appears once a run takes long, and goes when this is dropped.
pub(crate) struct Line {
    bar: ProgressBar,
    timer: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Line {
    /// A line that shows only if `wanted` and standard error is a terminal.
    pub(crate) fn new(wanted: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if !wanted || !io::stderr().is_terminal() {
            return Self { bar, timer: None };
        }
        let (stop, stopped) = mpsc::channel();
        let shown = bar.clone();
        let timer = std::thread::spawn(move || {
            if stopped.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                shown.set_style(style());
                shown.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
                shown.enable_steady_tick(Duration::from_millis(100));
            }
        });
        Self { bar, timer: Some((stop, timer)) }
    }

    /// Says how far the run is.
    pub(crate) fn report(&self, done: usize, total: usize) {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some((stop, timer)) = self.timer.take() {
            // The timer has gone if the line is shown; both are as they should be.
            let _ = stop.send(());
            let _ = timer.join();
        }
        self.bar.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    let template = "{spinner} checking {wide_bar:.cyan/dim} {pos}/{len} packages, {elapsed}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
