//! Figures of the store's own work, and the log of slow statements.
//!
//! Every read and every write is timed. One that took longer than [`crate::StoreOptions::slow`] is logged once, with the text of
//! its statement, how long it took in milliseconds and how many rows it gave or changed. The text holds `$1`, `$2`, …: values
//! that were asked for or written never reach the log.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts};

/// Bounds in seconds, from a page out of memory to a disk that is all but dead.
const SECONDS: [f64; 14] = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Bounds in writes of one group.
const WRITES: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 25.0, 100.0, 400.0, 1_000.0, 4_000.0];

/// Counts and times what the store does. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Meter {
    slow: Duration,
    statements: IntCounterVec,
    reads: Histogram,
    groups: IntCounter,
    failed: IntCounter,
    writes: Histogram,
    commits: Histogram,
}

impl Meter {
    /// Counts from zero; whatever takes at least `slow` is logged.
    pub fn new(slow: Duration) -> Self {
        let statements = Opts::new("shanshui_slow_statements_total", "Statements slower than store.slow_ms, by kind.");
        Self {
            slow,
            statements: IntCounterVec::new(statements, &["kind"]).expect("fixed names"),
            reads: histogram("shanshui_store_read_duration_seconds", "How long reads of the store took.", &SECONDS),
            groups: counter("shanshui_store_groups_total", "Groups of writes made durable."),
            failed: counter("shanshui_store_groups_failed_total", "Groups of writes taken back as a whole."),
            writes: histogram("shanshui_store_group_writes", "Pieces of work in a group.", &WRITES),
            commits: histogram(
                "shanshui_store_commit_duration_seconds",
                "How long a group took from its beginning until it was durable.",
                &SECONDS,
            ),
        }
    }

    /// A read has ended.
    pub fn read(&self, sql: &str, took: Duration, rows: usize) {
        self.reads.observe(took.as_secs_f64());
        self.statement("read", sql, took, rows);
    }

    /// A statement of a write has ended; `rows` are those it gave or changed.
    pub fn write(&self, sql: &str, took: Duration, rows: usize) {
        self.statement("write", sql, took, rows);
    }

    /// A group of so many pieces of work has ended.
    pub fn group(&self, pieces: usize, took: Duration, durable: bool) {
        let ended = if durable { &self.groups } else { &self.failed };
        ended.inc();
        self.writes.observe(pieces as f64);
        self.commits.observe(took.as_secs_f64());
    }

    /// Slow statements so far, reads and writes.
    pub fn slow(&self) -> (u64, u64) {
        let of = |kind| self.statements.with_label_values(&[kind]).get();
        (of("read"), of("write"))
    }

    /// The figures, for whoever shows them.
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        for kind in ["read", "write"] {
            self.statements.with_label_values(&[kind]).inc_by(0);
        }
        vec![
            Box::new(self.statements.clone()),
            Box::new(self.reads.clone()),
            Box::new(self.groups.clone()),
            Box::new(self.failed.clone()),
            Box::new(self.writes.clone()),
            Box::new(self.commits.clone()),
        ]
    }

    fn statement(&self, kind: &str, sql: &str, took: Duration, rows: usize) {
        if took < self.slow {
            return;
        }
        self.statements.with_label_values(&[kind]).inc();
        tracing::warn!(kind, sql = one_line(sql), took_ms = took.as_millis() as u64, rows, "slow statement");
    }
}

fn counter(name: &str, help: &str) -> IntCounter {
    IntCounter::new(name, help).expect("a fixed name")
}

fn histogram(name: &str, help: &str, bounds: &[f64]) -> Histogram {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec()))
        .expect("a fixed name and rising bounds")
}

/// A statement as it is logged: white space of its layout left out.
fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_slow_from_its_bound_on_and_counted_by_kind() {
        let meter = Meter::new(Duration::from_millis(500));
        meter.read("SELECT 1", Duration::from_millis(499), 1);
        meter.read("SELECT 1", Duration::from_millis(500), 1);
        meter.write("DELETE FROM probe", Duration::from_secs(2), 1);
        assert_eq!(meter.slow(), (1, 1));
    }

    #[test]
    fn a_statement_is_logged_on_one_line() {
        assert_eq!(one_line("SELECT a\n            FROM b   WHERE c=$1"), "SELECT a FROM b WHERE c=$1");
    }
}
