//! The peak of this process's memory, as the operating system counts it. Linux only; elsewhere nothing is reported.

use std::fs;

/// Forgets the peak so far. Answers whether that worked: without it a peak would be that of an earlier circuit.
pub(crate) fn forget_peak() -> bool {
    // "5" resets the high-water mark: proc(5), clear_refs.
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The most memory used since [`forget_peak`], in MiB.
pub(crate) fn peak_mib() -> Option<u64> {
    status_mib("VmHWM:")
}

/// The memory used now, in MiB.
pub(crate) fn resident_mib() -> Option<u64> {
    status_mib("VmRSS:")
}

fn status_mib(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

/// Processor, threads and memory in one line.
pub(crate) fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib: Option<u64> = total.and_then(|total| total.trim().strip_suffix("kB")?.trim().parse().ok());
    let memory = kib.map(|kib| format!(", {} GiB", kib.div_ceil(1 << 20))).unwrap_or_default();
    format!("{model}, {cores} hardware threads{memory}, {}", std::env::consts::OS)
}
