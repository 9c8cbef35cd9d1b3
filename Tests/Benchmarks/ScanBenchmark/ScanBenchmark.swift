// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import SourceScanning

/// Scans folders and prints what that cost. Measure release builds only:
///
///     swift run -c release scan-benchmark .build/checkouts/swift-nio .build/checkouts/hummingbird
///
/// With `SCAN_CACHE=DIR` a warm scan follows the cold one; with `SCAN_TOUCH=1` another one, after
/// one file was changed, which is compared with a scan without a cache. `SCAN_COMPARE=1` compares
/// the first scan, which the cache of an earlier run may help, with one without a cache.
/// `SCAN_THREADS=1` limits the threads; the peak is that of the process after the cold scan, so
/// give one folder a run where memory matters.
@main
struct ScanBenchmark {
  private static let environment = ProcessInfo.processInfo.environment

  static func main() throws {
    var options = ScanOptions()
    if let threads = environment["SCAN_THREADS"].flatMap({ Int($0) }) { options.threads = threads }
    options.cacheFolder = environment["SCAN_CACHE"]
    options.readsHistory = environment["SCAN_HISTORY"] != nil
    options.includeTests = environment["SCAN_TESTS"] != nil
    for folder in CommandLine.arguments.dropFirst() {
      try measure(folder, options, listing: environment["SCAN_LIST"] ?? "")
    }
  }

  private static func measure(_ folder: String, _ options: ScanOptions, listing: String) throws {
    let cold = try timed(folder, options)
    let model = cold.model
    let lines = model.files.reduce(0) { $0 + $1.lines }
    write(
      """
      \(folder)
        \(model.files.count) files, \(lines) lines, \(options.threads) threads
        cold \(rounded(cold.seconds)) s (\(cold.phases)), peak \(peakMegabytes()) MB
        \(model.types.count) types, \(model.references.count) references, \
      \(model.tableUses.count) table uses, \(model.routes.count) routes, \(model.jobs.count) jobs, \
      \(model.outboundCalls.count) outbound calls, \(model.findings.count) findings

      """)
    if environment["SCAN_COMPARE"] != nil {
      var fresh = options
      fresh.cacheFolder = nil
      let isEqual = try timed(folder, fresh).model == model
      write("  compared, equal \(isEqual)\n")
      return
    }
    if options.cacheFolder != nil {
      let warm = try timed(folder, options)
      write(
        "  warm \(rounded(warm.seconds)) s (\(warm.phases)), equal \(warm.model == model)\n")
    }
    if options.cacheFolder != nil, environment["SCAN_TOUCH"] != nil, let file = model.files.first {
      try touch(folder + "/" + file.path)
      let touched = try timed(folder, options)
      var fresh = options
      fresh.cacheFolder = nil
      let isEqual = try timed(folder, fresh).model == touched.model
      write(
        "  touched \(rounded(touched.seconds)) s (\(touched.phases)), equal \(isEqual)\n")
    }
    let paths = model.files.map { folder + "/" + $0.path }
    let floor = ParseFloor.measure(paths, threads: options.threads)
    write("  parsing alone \(rounded(floor)) s\n")
    if !listing.isEmpty { write(Listing(model: model).text(of: listing)) }
  }

  /// Adds a declaration to a file, as a new file: others may share its bytes by a hard link.
  private static func touch(_ path: String) throws {
    let old = try String(contentsOfFile: path, encoding: .utf8)
    let changed = old + "\nstruct AddedByTheBenchmark { let value = 1 }\n"
    try FileManager.default.removeItem(atPath: path)
    try changed.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private static func timed(
    _ folder: String, _ options: ScanOptions
  ) throws -> (model: CodeModel, seconds: Double, phases: String) {
    let clock = ContinuousClock()
    let start = clock.now
    var starts: [(phase: ScanProgress.Phase, at: ContinuousClock.Instant)] = []
    let model = try SourceScanner(options: options).scan(folder: folder) { progress in
      if starts.last?.phase != progress.phase { starts.append((progress.phase, clock.now)) }
    }
    let end = clock.now
    let phases = starts.indices.map { index in
      let next = index + 1 < starts.count ? starts[index + 1].at : end
      return "\(starts[index].phase.rawValue) \(rounded((next - starts[index].at) / .seconds(1)))"
    }
    return (model, (end - start) / .seconds(1), phases.joined(separator: ", "))
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 100).rounded() / 100 }

  /// Largest resident set of this process so far.
  private static func peakMegabytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    let kilobytes = line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? 0
    return kilobytes / 1024
  }

  private static func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}
