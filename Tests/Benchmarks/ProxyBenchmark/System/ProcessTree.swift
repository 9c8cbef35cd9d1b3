// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A process and all its descendants, as they were when asked for.
struct ProcessTree {
  let processes: [pid_t]

  init(root: pid_t) {
    var children: [pid_t: [pid_t]] = [:]
    for process in ProcessFiles.entries("/proc").compactMap({ pid_t($0) }) {
      let fields = ProcessFiles.statistics(process)
      if fields.count > 1, let parent = pid_t(fields[1]) {
        children[parent, default: []].append(process)
      }
    }
    var found = [root]
    var index = 0
    while index < found.count {
      found += children[found[index]] ?? []
      index += 1
    }
    processes = found
  }

  /// What the tree used so far.
  var usage: ProcessorUsage {
    var usage = ProcessorUsage()
    for process in processes {
      for thread in ProcessFiles.entries("/proc/\(process)/task") {
        usage.nanoseconds += ProcessFiles.scheduledNanoseconds(
          "/proc/\(process)/task/\(thread)/schedstat")
      }
      let fields = ProcessFiles.statistics(process)
      guard fields.count > 12 else { continue }
      usage.userTicks += UInt64(fields[11]) ?? 0
      usage.systemTicks += UInt64(fields[12]) ?? 0
    }
    return usage
  }

  /// Its share of the machine's memory, in KiB: shared pages count by their share.
  var proportionalKiB: Int {
    processes.reduce(0) { sum, process in
      let rollup = ProcessFiles.text("/proc/\(process)/smaps_rollup") ?? ""
      let line = rollup.split(separator: "\n").first { $0.hasPrefix("Pss:") } ?? ""
      return sum + (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
    }
  }
}

/// Processor time: exact in sum, by the kernel's clock ticks in its parts.
struct ProcessorUsage {
  var nanoseconds: UInt64 = 0
  var userTicks: UInt64 = 0
  var systemTicks: UInt64 = 0

  var ticks: UInt64 { userTicks + systemTicks }

  static func - (later: Self, earlier: Self) -> Self {
    // A thread that ended takes its part along.
    func difference(_ a: UInt64, _ b: UInt64) -> UInt64 { a > b ? a - b : 0 }
    return Self(
      nanoseconds: difference(later.nanoseconds, earlier.nanoseconds),
      userTicks: difference(later.userTicks, earlier.userTicks),
      systemTicks: difference(later.systemTicks, earlier.systemTicks))
  }
}

/// What the whole machine did so far, in clock ticks.
struct MachineUsage {
  /// Time of all processes, and time that the hypervisor took away.
  let ticks: UInt64

  static var current: MachineUsage {
    let line = ProcessFiles.text("/proc/stat")?.split(separator: "\n").first ?? ""
    let numbers = line.split(separator: " ").dropFirst().map { UInt64($0) ?? 0 }
    // user, nice, system, idle, iowait, irq, softirq, steal
    guard numbers.count > 7 else { return MachineUsage(ticks: 0) }
    return MachineUsage(ticks: numbers[0] + numbers[1] + numbers[2] + numbers[7])
  }

  static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
}
