//! Metrics of this machine, read from `/proc`. Linux only; elsewhere the source says so and ends.
//!
//! Names are dotted (`cpu.total`, `disk.vda.read`), values carry their unit (`cpu.total=12.5 %`). What is a rate is
//! absent from the first sample, and from a sample whose counter went backwards.

mod cpu;
mod disk;
mod memory;
mod network;
mod rates;
mod sample;

use crate::{ReadingRules, Sensor, SensorType, pace};
use ng_model::intake::{BatchBuilder, IngestHandle, Shutdown, SourceStatus};
use ng_model::settings::{Accepts, Row, SettingError, Values};
use ng_wire::Format;
use rates::Rates;
use sample::Sample;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

pub(crate) static SENSOR: SensorType = SensorType {
    name: "host",
    summary: "Processor, memory, disk and network of this machine.",
    settings: &[
        Row { key: "enabled", accepts: Accepts::Bool(true), unit: "", summary: "Whether this machine is measured." },
        Row {
            key: "interval_s",
            accepts: Accepts::Float(2.0, 0.2, 3600.0),
            unit: "s",
            summary: "Time between two measurements.",
        },
    ],
    build,
};

/// Readings offered at once; below the size at which a batch is handed on by itself, which would wait.
const OFFER: usize = 128;

struct Host {
    source: Arc<SourceStatus>,
    interval: Duration,
    proc: PathBuf,
}

fn build(values: &Values, _: &ReadingRules) -> Result<Box<dyn Sensor>, SettingError> {
    let interval = Duration::from_secs_f64(values.float("interval_s"));
    let source = SourceStatus::new("host", SENSOR.name, 3 * interval.as_nanos() as i64);
    Ok(Box::new(Host { source, interval, proc: PathBuf::from("/proc") }))
}

impl Sensor for Host {
    fn source(&self) -> &Arc<SourceStatus> {
        &self.source
    }

    fn run(&mut self, ingest: &IngestHandle) {
        let source = &self.source;
        if !self.proc.join("stat").exists() {
            source.error(ingest.now_ns(), format!("no {}/stat: host metrics need Linux", self.proc.display()));
            source.ended.store(true, Ordering::Relaxed);
            return;
        }
        let mut builder = ingest.fill(source);
        let mut files = Files { proc: self.proc.clone(), bytes: Vec::new(), text: String::new(), error: None };
        let mut rates = Rates::default();
        let mut last = Instant::now();
        loop {
            let mut sample = Sample::new(&mut rates, Instant::now());
            measure(&mut files, &mut sample);
            if emit(&sample, &mut builder).is_err() {
                return;
            }
            if let Some(error) = files.error.take() {
                source.error(ingest.now_ns(), error);
            }
            rates.forget_unseen();
            last = pace::next_beat(last, self.interval);
            if pace::wait(ingest, last).is_err() {
                return;
            }
        }
    }
}

/// Reads files below `/proc` into one buffer.
struct Files {
    proc: PathBuf,
    bytes: Vec<u8>,
    /// What was read; a byte that is not UTF-8 is a backslash and three octal digits.
    text: String,
    /// The first file that should be there and could not be read.
    error: Option<String>,
}

impl Files {
    /// The text of a file that every Linux has.
    fn read(&mut self, name: &str) -> &str {
        if let Err(error) = self.load(name) {
            let path = self.proc.join(name);
            self.error.get_or_insert_with(|| format!("cannot read {}: {error}", path.display()));
        }
        &self.text
    }

    /// The text of a file that some kernels lack; empty then.
    fn read_if_there(&mut self, name: &str) -> &str {
        // Reading fails with "not supported" where the kernel has pressure accounting switched off.
        let _ = self.load(name);
        &self.text
    }

    fn load(&mut self, name: &str) -> std::io::Result<()> {
        self.text.clear();
        self.bytes.clear();
        std::fs::File::open(self.proc.join(name))?.read_to_end(&mut self.bytes)?;
        for chunk in self.bytes.utf8_chunks() {
            self.text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                // As the kernel writes a space in the name of a folder. Writing into memory cannot fail.
                let _ = std::fmt::Write::write_fmt(&mut self.text, format_args!("\\{byte:03o}"));
            }
        }
        Ok(())
    }
}

fn measure(files: &mut Files, sample: &mut Sample<'_>) {
    cpu::stat(files.read("stat"), sample);
    cpu::load(files.read("loadavg"), sample);
    memory::meminfo(files.read("meminfo"), sample);
    for kind in ["cpu", "memory", "io"] {
        memory::pressure(kind, files.read_if_there(&format!("pressure/{kind}")), sample);
    }
    for (name, mount) in disk::mounts(files.read_if_there("self/mounts")) {
        if let Some(used) = disk::used(&mount) {
            sample.gauge(&format!("disk.{name}.used"), used, "%");
        }
    }
    disk::diskstats(files.read_if_there("diskstats"), sample);
    network::devices(files.read_if_there("net/dev"), sample);
    if let Some(total) = processes(&files.proc) {
        sample.gauge("processes.total", total as f64, "");
    }
    if let Some(open) = memory::number(files.read_if_there("sys/fs/file-nr"), 0) {
        sample.gauge("files.open", open, "");
    }
}

/// Processes that exist now, threads not counted.
fn processes(proc: &Path) -> Option<usize> {
    let is_process = |name: &std::ffi::OsStr| name.as_encoded_bytes().first().is_some_and(u8::is_ascii_digit);
    Some(std::fs::read_dir(proc).ok()?.flatten().filter(|entry| is_process(&entry.file_name())).count())
}

/// Six significant digits: what a rate over seconds can carry. Whole numbers stay as they are.
fn rounded(value: f64) -> f64 {
    if value.fract() == 0.0 { value } else { format!("{value:.5e}").parse().unwrap_or(value) }
}

fn emit(sample: &Sample<'_>, builder: &mut BatchBuilder) -> Result<(), Shutdown> {
    let mut raw = Vec::with_capacity(64);
    for (place, (name, value, unit)) in sample.readings().iter().enumerate() {
        raw.clear();
        // Writing into memory cannot fail.
        let _ = write!(raw, "{name}={}", rounded(*value));
        if !unit.is_empty() {
            let _ = write!(raw, " {unit}");
        }
        builder.push(Format::Metric, &raw)?;
        if place % OFFER == OFFER - 1 {
            builder.try_send()?;
        }
    }
    builder.try_send()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A real machine: everything that is emitted is finite and within its range, and rates begin with the second sample.
    #[test]
    fn this_machine_is_measured() {
        let mut files = Files { proc: "/proc".into(), bytes: Vec::new(), text: String::new(), error: None };
        let mut rates = Rates::default();
        let start = Instant::now();
        let mut names = Vec::new();
        // Processor time is counted in ticks; the second sample must not be within the tick of the first.
        let ticks =
            || std::fs::read_to_string("/proc/stat").unwrap().lines().take(2).map(String::from).collect::<Vec<_>>();
        let before = ticks();
        for round in 0..2u64 {
            while round == 1 && ticks().iter().zip(&before).any(|(now, before)| now == before) {
                assert!(start.elapsed() < Duration::from_secs(10), "the processor stands still");
            }
            let mut sample = Sample::new(&mut rates, start + Duration::from_secs(round));
            measure(&mut files, &mut sample);
            for (name, value, unit) in sample.readings() {
                assert!(value.is_finite() && *value >= 0.0, "{name}={value}");
                assert!(*unit != "%" || *value <= 100.0, "{name}={value}");
                assert!(!name.contains(['=', ' ', '/']), "{name}");
            }
            names = sample.readings().iter().map(|(name, ..)| name.clone()).collect();
            assert_eq!(names.iter().any(|name| name == "context_switches"), round == 1);
            rates.forget_unseen();
        }
        assert_eq!(files.error, None);
        for name in ["cpu.total", "cpu.core.0", "load.1", "memory.used", "memory.available", "processes.total", "forks"]
        {
            assert!(names.iter().any(|found| found == name), "{name} is missing from {names:?}");
        }
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len());
    }
}
