//! `/proc/stat` and `/proc/loadavg`.

use super::sample::Sample;

/// Shares of processor time since the sample before, and the counters of the scheduler.
pub(super) fn stat(text: &str, sample: &mut Sample<'_>) {
    for line in text.lines() {
        let Some((key, rest)) = line.split_once(' ') else { continue };
        let mut numbers = rest.split_ascii_whitespace().map_while(|word| word.parse::<u64>().ok());
        match key {
            "ctxt" => {
                if let Some(count) = numbers.next() {
                    sample.rate("context_switches", count, 1.0, "/s");
                }
            }
            "processes" => {
                if let Some(count) = numbers.next() {
                    sample.rate("forks", count, 1.0, "/s");
                }
            }
            "procs_running" | "procs_blocked" => {
                let name = if key == "procs_running" { "processes.running" } else { "processes.blocked" };
                if let Some(count) = numbers.next() {
                    sample.gauge(name, count as f64, "");
                }
            }
            _ => {
                if let Some(core) = key.strip_prefix("cpu") {
                    shares(core, numbers, sample);
                }
            }
        }
    }
}

/// One `cpu` line; `core` is empty for the sum over all cores. Guest time is part of user time and not counted again.
fn shares(core: &str, numbers: impl Iterator<Item = u64>, sample: &mut Sample<'_>) {
    let mut counters = [0; 8];
    let mut found = 0;
    for (counter, number) in counters.iter_mut().zip(numbers) {
        *counter = number;
        found += 1;
    }
    if found < 4 || !core.bytes().all(|byte| byte.is_ascii_digit()) {
        return;
    }
    let name = if core.is_empty() { "cpu.total".into() } else { format!("cpu.core.{core}") };
    let Some(([user, nice, system, idle, iowait, irq, softirq, steal], _)) = sample.increase(&name, counters) else {
        return;
    };
    let total = user + nice + system + idle + iowait + irq + softirq + steal;
    if total == 0 {
        return;
    }
    let share = |part: u64| 100.0 * part as f64 / total as f64;
    sample.gauge(&name, share(total - idle - iowait), "%");
    if core.is_empty() {
        sample.gauge("cpu.user", share(user + nice), "%");
        sample.gauge("cpu.system", share(system + irq + softirq), "%");
        sample.gauge("cpu.iowait", share(iowait), "%");
        sample.gauge("cpu.steal", share(steal), "%");
    }
}

/// Load averages.
pub(super) fn load(text: &str, sample: &mut Sample<'_>) {
    for (name, word) in ["load.1", "load.5", "load.15"].into_iter().zip(text.split_ascii_whitespace()) {
        if let Ok(value) = word.parse::<f64>() {
            sample.gauge(name, value, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::after;
    use super::*;

    #[test]
    fn shares_of_time_between_two_samples() {
        let check = |texts: &[&str], expect: &str| assert_eq!(after(texts, 2, stat), expect);
        let first = "cpu  100 0 100 800 0 0 0 0 50 0\ncpu0 100 0 100 800 0 0 0 0 0 0\nintr 5 1 2\nctxt 1000\nbtime 1\nprocesses 10\nprocs_running 3\nprocs_blocked 0\nsoftirq 1 2\n";
        let second = "cpu  120 5 110 850 5 3 2 5 70 0\ncpu0 110 0 100 890 0 0 0 0 0 0\nctxt 3000\nprocesses 11\nprocs_running 1\nprocs_blocked 2\n";
        check(&[first], "processes.running=3; processes.blocked=0");
        check(
            &[first, second],
            "cpu.total=45 %; cpu.user=25 %; cpu.system=15 %; cpu.iowait=5 %; cpu.steal=5 %; cpu.core.0=10 %; \
             context_switches=1000 /s; forks=0.5 /s; processes.running=1; processes.blocked=2",
        );
        // Backwards, unchanged, short, and not numbers: no shares rather than false ones.
        check(&[second, first], "processes.running=3; processes.blocked=0");
        check(&["cpu 1 2 3 4", "cpu 1 2 3 4"], "");
        check(&["cpu 1 2 3", "cpu 2 3 4"], "");
        check(&["cpu x", "cpufreq 1 2 3 4\ncpu"], "");
        check(
            &["cpu 1 1 1 1", "cpu 2 1 1 2"],
            "cpu.total=50 %; cpu.user=50 %; cpu.system=0 %; cpu.iowait=0 %; cpu.steal=0 %",
        );
    }

    #[test]
    fn load_averages() {
        let check = |text: &str, expect: &str| assert_eq!(after(&[text], 1, load), expect);
        check("0.52 0.58 10.59 1/523 12345\n", "load.1=0.52; load.5=0.58; load.15=10.59");
        check("0.5", "load.1=0.5");
        check("", "");
        check("x 1.0 nan", "load.5=1");
    }
}
