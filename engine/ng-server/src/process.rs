//! What this process takes of its host.

use std::time::Duration;

/// Memory that is resident, bytes; 0 where the system does not say.
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() << 10
}

/// Time of all its threads on a processor.
pub(crate) fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Open files and sockets; 0 where the system does not say.
pub(crate) fn open_files() -> usize {
    // Reading the folder opens one more.
    std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_measured() {
        let (memory, files, time) = (resident_bytes(), open_files(), cpu_time());
        let ballast = vec![1u8; 32 << 20];
        let held: Vec<std::fs::File> = (0..50).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        assert!(resident_bytes() > memory + (16 << 20), "{memory}");
        assert!(open_files() > files + 25, "{files}");
        assert!(ballast.iter().map(|byte| u64::from(*byte)).sum::<u64>() > 0 && held.len() == 50);
        assert!(cpu_time() > time);
    }
}
