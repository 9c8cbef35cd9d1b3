// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import SourceScanning

/// Scans folders and prints what that cost. Measure release builds only:
///
///     swift run -c release scan-benchmark .build/checkouts/swift-nio .build/checkouts/hummingbird
///
/// `SCAN_THREADS=1` limits the threads; the peak is that of the process, so give one folder a run
/// where memory matters.
@main
struct ScanBenchmark {
  static func main() throws {
    let environment = ProcessInfo.processInfo.environment
    var options = ScanOptions()
    if let threads = environment["SCAN_THREADS"].flatMap({ Int($0) }) { options.threads = threads }
    options.includeTests = environment["SCAN_TESTS"] != nil
    for folder in CommandLine.arguments.dropFirst() {
      try measure(folder, options, listing: environment["SCAN_LIST"] ?? "")
    }
  }

  private static func measure(_ folder: String, _ options: ScanOptions, listing: String) throws {
    let clock = ContinuousClock()
    let start = clock.now
    let model = try SourceScanner(options: options).scan(folder: folder)
    let seconds = (clock.now - start) / .seconds(1)
    let lines = model.files.reduce(0) { $0 + $1.lines }
    write(
      """
      \(folder)
        \(model.files.count) files, \(lines) lines, \(options.threads) threads
        \(rounded(seconds)) s, peak \(peakMegabytes()) MB
        \(model.types.count) types, \(model.references.count) references, \
      \(model.tableUses.count) table uses, \(model.routes.count) routes, \(model.jobs.count) jobs, \
      \(model.outboundCalls.count) outbound calls, \(model.findings.count) findings

      """)
    if !listing.isEmpty { write(Listing(model: model).text(of: listing)) }
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
