// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph
import DisplayWidths

/// Writes measurements, each with the publication whose formula it is.
package struct MeasurementReport: Sendable {
  private let measurements: [Measurement]
  private let items: Int
  private let services: Int
  private let leftOut: Int

  package init(_ measurements: [Measurement], items: Int, services: Int, leftOut: Int) {
    self.measurements = measurements
    self.items = items
    self.services = services
    self.leftOut = leftOut
  }

  /// One measurement on a line.
  package var text: String {
    var lines = [
      "\(counted(services, "cluster")) of \(counted(items, "item")); "
        + "items without a cluster: \(leftOut)"
    ]
    for measurement in measurements {
      let name = measurement.metric + (measurement.variant.map { " (\($0.rawValue))" } ?? "")
      let padding = String(repeating: " ", count: max(1, 32 - DisplayWidth.columns(of: name)))
      lines.append(
        name + padding + JSONValue.fourDecimals(measurement.value)
          + "  \(measurement.better.rawValue) is good")
    }
    return TerminalText.document(lines, .plain)
  }

  /// The same as a JSON document with the schema `strangler.measurements/1`.
  package var json: String {
    JSONValue.object([
      ("schema", .string("strangler.measurements/1")),
      ("items", .integer(items)), ("clusters", .integer(services)), ("leftOut", .integer(leftOut)),
      (
        "metrics",
        .array(
          measurements.map { measurement in
            var fields: [(String, JSONValue)] = [("metric", .string(measurement.metric))]
            if let variant = measurement.variant {
              fields.append(("variant", .string(variant.rawValue)))
            }
            fields.append(("value", .number(measurement.value)))
            fields.append(("better", .string(measurement.better.rawValue)))
            return .object(fields)
          })
      ),
    ]).text
  }
}
