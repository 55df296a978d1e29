//! `/proc/net/dev`.

use super::sample::{Sample, segment};

/// Most interfaces shown.
const MOST: usize = 16;

/// Traffic of interfaces that have been used. Loopback is left out, and the ends of virtual cables to containers, of which
/// there may be hundreds and whose traffic is that of a bridge.
pub(super) fn devices(text: &str, sample: &mut Sample<'_>) {
    let used = text.lines().filter_map(row).filter(|(name, [rx, _, tx, _])| {
        let shown = *name != "lo" && !["veth", "cali", "lxc", "tap"].iter().any(|kind| name.starts_with(kind));
        shown && rx + tx > 0
    });
    for (name, [rx, rx_errors, tx, tx_errors]) in used.take(MOST) {
        let name = segment(name);
        sample.rate(&format!("net.{name}.rx"), rx, 1.0, "B/s");
        sample.rate(&format!("net.{name}.tx"), tx, 1.0, "B/s");
        let errors = rx_errors + tx_errors;
        let key = format!("net.{name}.errors");
        // Counted from the start, so that the very first error is a rate too.
        let increase = sample.increase(&key, [errors]);
        if let Some(([increase], seconds)) = increase.filter(|_| errors > 0) {
            sample.gauge(&key, increase as f64 / seconds, "/s");
        }
    }
}

/// Name, bytes received, receive errors, bytes sent, send errors.
fn row(line: &str) -> Option<(&str, [u64; 4])> {
    // The counters may follow the colon without a space; a name may contain a colon itself.
    let (name, rest) = line.rsplit_once(':')?;
    let mut counters = [0u64; 11];
    let mut words = rest.split_ascii_whitespace();
    for counter in &mut counters {
        *counter = words.next()?.parse().ok()?;
    }
    Some((name.trim(), [counters[0], counters[2], counters[8], counters[10]]))
}

#[cfg(test)]
mod tests {
    use super::super::sample::after;
    use super::*;

    const HEAD: &str = "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n";

    #[test]
    fn traffic_and_errors() {
        let check = |rows: &[&str], expect: &str| {
            let texts: Vec<String> = rows.iter().map(|rows| format!("{HEAD}{rows}")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            assert_eq!(after(&texts, 2, devices), expect);
        };
        let lo = "    lo: 100 1 0 0 0 0 0 0 100 1 0 0 0 0 0 0\n";
        let idle = "  ifb0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
        let first = format!("{lo}{idle}  eth0: 1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\n");
        let second = "eth0:3000 1 0 0 0 0 0 0 2500 1 0 0 0 0 0 0\n";
        check(&[&first], "");
        check(&[&first, second], "net.eth0.rx=1000 B/s; net.eth0.tx=250 B/s");
        check(&[second, &first], "");
        let failing = "eth0: 3000 1 3 0 0 0 0 0 2500 1 1 0 0 0 0 0\n";
        check(&[second, failing], "net.eth0.rx=0 B/s; net.eth0.tx=0 B/s; net.eth0.errors=2 /s");
        check(&[failing, failing], "net.eth0.rx=0 B/s; net.eth0.tx=0 B/s; net.eth0.errors=0 /s");
        let vlan = "eth0.7: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n";
        check(&[vlan, vlan], "net.eth0-7.rx=0 B/s; net.eth0-7.tx=0 B/s");
        check(&["eth0: 1 2 x\n", "eth0: 1 2\n"], "");
    }
}
