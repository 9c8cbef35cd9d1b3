// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Dispatch
import Foundation

/// Measures the division of graphs. Measure release builds only:
///
///     STRANGLER_AREAS=Analysis swift run -c release graph-benchmark [recovery] [parameters]
///       [stability] [speed]
///
/// Without arguments it prints all tables. Stability is also measured on the types of two packages
/// from the checkouts, which `swift package resolve` fetches. Ends with 1 where a demand is missed.
@main
struct GraphBenchmark {
  static func main() throws {
    let wanted = Set(CommandLine.arguments.dropFirst())
    func prints(_ table: String) -> Bool { wanted.isEmpty || wanted.contains(table) }
    let systems = try ReferenceSystem.all()
    var missed: [String] = []
    if prints("recovery") { missed += Recovery.printAlgorithms(systems) }
    if prints("parameters") { Recovery.printParameters(systems) }
    if prints("stability") {
      missed += Stability.print(systems.map { ($0.name, $0.graph) } + (try SwiftSystem.graphs()))
    }
    if prints("speed") { Speed.print() }
    guard !missed.isEmpty else { return }
    print(missed.map { "missed: \($0)" }.joined(separator: "\n"))
    exit(1)
  }
}

extension Workers {
  /// One thread for each processor.
  static let processors = Workers { count, body in
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
  }
}
