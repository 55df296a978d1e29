//! `/proc/diskstats` and `/proc/self/mounts`.

use super::sample::{Sample, segment};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The kernel counts sectors of this size, whatever the device has.
const SECTOR: f64 = 512.0;
/// Filesystems whose answer may be trusted to come at once; a network filesystem can hang the thread that asks.
const REAL: [&str; 15] = [
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "vfat", "exfat", "ntfs", "ntfs3", "jfs", "reiserfs",
    "bcachefs", "overlay",
];
/// Most filesystems and most devices shown.
const MOST: usize = 16;

/// Traffic of whole disks that have been used. Partitions, loop, ram and mapped devices would count the same bytes twice.
pub(super) fn diskstats(text: &str, sample: &mut Sample<'_>) {
    let rows = || text.lines().filter_map(row);
    let names: Vec<&str> = rows().map(|(name, _)| name).collect();
    let whole = |name: &str| {
        !["loop", "ram", "zram", "sr", "fd", "dm-", "nbd"].iter().any(|kind| name.starts_with(kind))
            && !names.iter().any(|disk| is_partition(name, disk))
    };
    let used = rows().filter(|(name, [read, written, _])| whole(name) && read + written > 0);
    for (name, [sectors_read, sectors_written, busy_ms]) in used.take(MOST) {
        let name = segment(name);
        sample.rate(&format!("disk.{name}.read"), sectors_read, SECTOR, "B/s");
        sample.rate(&format!("disk.{name}.write"), sectors_written, SECTOR, "B/s");
        let busy = format!("disk.{name}.busy");
        if let Some(([busy_ms], seconds)) = sample.increase(&busy, [busy_ms]) {
            // The kernel rounds to ticks, so that a busy disk can appear a little more than busy.
            sample.gauge(&busy, (busy_ms as f64 / seconds / 10.0).min(100.0), "%");
        }
    }
}

/// Name, sectors read, sectors written, milliseconds with requests in flight.
fn row(line: &str) -> Option<(&str, [u64; 3])> {
    let mut words = line.split_ascii_whitespace().skip(2);
    let name = words.next()?;
    let mut counters = [0u64; 10];
    for counter in &mut counters {
        *counter = words.next()?.parse().ok()?;
    }
    Some((name, [counters[2], counters[6], counters[9]]))
}

/// `sda1` of `sda`, `nvme0n1p2` of `nvme0n1`.
fn is_partition(name: &str, disk: &str) -> bool {
    let Some(rest) = name.strip_prefix(disk) else { return false };
    let digits = if disk.ends_with(|c: char| c.is_ascii_digit()) { rest.strip_prefix('p') } else { Some(rest) };
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Name and mount point of every real filesystem, each device once, at the shortest path.
pub(super) fn mounts(text: &str) -> Vec<(String, PathBuf)> {
    let mut found: Vec<(&str, Vec<u8>)> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(device), Some(point), Some(kind)) = (words.next(), words.next(), words.next()) else { continue };
        let point = unescape(point);
        let inside = ["/proc/", "/sys/", "/dev/", "/run/", "/etc/", "/snap/"]
            .iter()
            .any(|top| point.starts_with(top.as_bytes()));
        // Containers see one overlay for each of their neighbours; only the one they live on is theirs.
        if !REAL.contains(&kind) || inside || (kind == "overlay" && point != b"/") {
            continue;
        }
        match found.iter_mut().find(|(known, at)| *known == device || *at == point) {
            Some((_, at)) if at.len() <= point.len() => {}
            Some((_, at)) => *at = point,
            None => found.push((device, point)),
        }
    }
    found.truncate(MOST);
    let named = |point: Vec<u8>| (mount_name(&String::from_utf8_lossy(&point)), OsString::from_vec(point).into());
    found.into_iter().map(|(_, point)| named(point)).collect()
}

/// Space in use as seen by a user without privileges, per cent of what such a user can use at most.
pub(super) fn used(mount: &Path) -> Option<f64> {
    let stat = rustix::fs::statvfs(mount).ok()?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree) as f64;
    let usable = used + stat.f_bavail as f64;
    (usable > 0.0).then(|| 100.0 * used / usable)
}

fn mount_name(point: &str) -> String {
    match point.trim_matches('/') {
        "" => "root".into(),
        path => segment(path),
    }
}

/// Mount points come with space, tab, line feed and backslash as three octal digits, and so do bytes that are not UTF-8.
fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                plain.extend_from_slice(&part.as_bytes()[3..]);
            }
            None => {
                plain.push(b'\\');
                plain.extend_from_slice(part.as_bytes());
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::super::sample::after;
    use super::*;

    #[test]
    fn traffic_of_whole_disks() {
        let check = |texts: &[&str], expect: &str| assert_eq!(after(texts, 2, diskstats), expect);
        let first = "   7  0 loop0 9 0 9 9 9 0 9 9 0 9 9\n 259 0 nvme0n1 100 5 1000 10 200 6 2000 20 0 500 30 0 0 0 0\n 259 1 nvme0n1p1 100 5 1000 10 200 6 2000 20 0 500 30\n   8 16 sdb 0 0 0 0 0 0 0 0 0 0 0\n";
        let second = " 259 0 nvme0n1 110 5 1004 10 220 6 2400 20 1 1500 30 0 0 0 0\n 259 1 nvme0n1p1 110 5 1004 10 220 6 2400 20 0 1500 30\n";
        check(&[first], "");
        check(&[first, second], "disk.nvme0n1.read=1024 B/s; disk.nvme0n1.write=102400 B/s; disk.nvme0n1.busy=50 %");
        check(&[second, first], "");
        check(&["8 0 sda 1 2 3", "8 0 sda 1 2 3"], "");
        let over = ["8 0 sda 1 0 8 0 0 0 0 0 0 0 0", "8 0 sda 1 0 8 0 0 0 0 0 0 2010 0"];
        check(&over, "disk.sda.read=0 B/s; disk.sda.write=0 B/s; disk.sda.busy=100 %");
    }

    #[test]
    fn partitions_are_told_from_disks() {
        let check =
            |name: &str, disk: &str, expect: bool| assert_eq!(is_partition(name, disk), expect, "{name} of {disk}");
        check("sda1", "sda", true);
        check("sda", "sda", false);
        check("sdaa", "sda", false);
        check("nvme0n1p12", "nvme0n1", true);
        check("nvme0n10", "nvme0n1", false);
        check("mmcblk0p1", "mmcblk0", true);
        check("mmcblk0boot0", "mmcblk0", false);
    }

    #[test]
    fn real_filesystems_once_each() {
        let check = |text: &str, expect: &[(&str, &str)]| {
            let expect: Vec<_> = expect.iter().map(|(name, point)| (name.to_string(), PathBuf::from(point))).collect();
            assert_eq!(mounts(text), expect);
        };
        check(
            "proc /proc proc rw 0 0\n/dev/sda2 /var/log ext4 rw 0 0\n/dev/sda1 / ext4 rw 0 0\n/dev/sda1 /srv ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\nhost:/x /mnt/nfs nfs4 rw 0 0\n",
            &[("var-log", "/var/log"), ("root", "/")],
        );
        check(
            "overlay / overlay rw 0 0\n/dev/vda /etc/hosts ext4 rw 0 0\noverlay /var/lib/x overlay rw 0 0",
            &[("root", "/")],
        );
        check("/dev/b /media/my\\040disk xfs rw 0 0", &[("media-my-disk", "/media/my disk")]);
        check("/dev/b", &[]);
    }

    #[test]
    fn escapes_of_mount_points() {
        let check = |text: &str, expect: &str| assert_eq!(unescape(text), expect.as_bytes());
        check("/a\\040b\\134c", "/a b\\c");
        check("/a\\04", "/a\\04");
        check("/a\\999", "/a\\999");
        check("\\", "\\");
        check("/é\\é", "/é\\é");
        assert_eq!(unescape("/bad\\377"), b"/bad\xff");
    }
}
