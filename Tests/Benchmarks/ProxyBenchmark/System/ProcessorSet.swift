// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which processors the contenders run on, and which the load and the origin.
struct ProcessorLayout {
  let contender: [Int]
  let load: [Int]

  /// As many for the contender as it has workers; the rest for the load, which shares if none is
  /// left.
  init(workers: Int, available: [Int] = Self.available) {
    contender = Array(available.prefix(workers))
    let rest = available.dropFirst(workers)
    load = rest.isEmpty ? available : Array(rest)
  }

  /// Moves this process, all its threads, to the load's processors.
  func apply() throws {
    let list = load.map(String.init).joined(separator: ",")
    let outcome = try ChildProcess.run(
      "taskset", ["--all-tasks", "--cpu-list", "--pid", list, "\(getpid())"])
    if outcome.status != 0 { throw BenchmarkError("taskset failed: \(outcome.output)") }
  }

  /// A command that runs pinned to the contender's processors.
  func pinned(_ command: [String]) -> [String] {
    ["taskset", "--cpu-list", contender.map(String.init).joined(separator: ",")] + command
  }

  /// Taken once: `apply` narrows what the kernel says later.
  static let available: [Int] = {
    let status = ProcessFiles.text("/proc/self/status") ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") } ?? ""
    let ranges = line.split(whereSeparator: \.isWhitespace).last ?? "0"
    return ranges.split(separator: ",").flatMap { range -> [Int] in
      let bounds = range.split(separator: "-").compactMap { Int($0) }
      guard let first = bounds.first, let last = bounds.last else { return [] }
      return Array(first...last)
    }
  }()
}
