// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import SampleModels
import SchemaValidation
import Testing

/// The JSON of what is divided, measured and left out keeps its published schema.
@Suite struct GraphSchemaTests {
  private static let text =
    (0..<6).flatMap { item in
      ["a", "b"].flatMap { area in
        (1...2).map { "depends \(area)\(item) \(area)\((item + $0) % 6)\n" }
      }
    }.joined() + "depends a0 b0\ndepends alone/one alone/one\n"

  @Test(arguments: ClusteringAlgorithm.allCases)
  func `divisions by every algorithm`(algorithm: ClusteringAlgorithm) throws {
    let graph = try RigiStandardFormat.graph(Self.text)
    let text = ClusteringReport(
      algorithm.cluster(graph), algorithm: algorithm, objective: .agreement, names: [:]
    ).json
    let schema = try JSONSchema.fixture("clustering.schema.json")
    #expect(try schema.problems(in: text) == [])
    #expect(
      try schema.problems(in: text.replacing("\"confidence\": ", with: "\"confidence\": 7"))
        .count > 0)
  }

  @Test func `measurements of every variant`() throws {
    let graph = try RigiStandardFormat.graph(Self.text)
    let clusters = Dictionary(
      uniqueKeysWithValues: ["a", "b"].flatMap { area in
        (0..<6).map { ("\(area)\($0)", area) }
      })
    var laboratory = MetricLaboratory(graph, clusters)
    laboratory.useCases = [(useCase: "buy", item: "a0"), (useCase: "buy", item: "b0")]
    laboratory.tables = [(item: "a0", table: "orders")]
    let measurements =
      laboratory.measurements(nil) + (laboratory.agreement(with: clusters) ?? [])
    #expect(Set(measurements.compactMap(\.variant)) == Set(MetricVariant.allCases))
    let report = MeasurementReport(
      measurements, items: laboratory.items.count, services: laboratory.serviceCount,
      leftOut: laboratory.leftOut)
    let schema = try JSONSchema.fixture("measurements.schema.json")
    #expect(try schema.problems(in: report.json) == [])
    let broken = report.json.replacing("\"variant\": \"fse\"", with: "\"variant\": \"x\"")
    #expect(try schema.problems(in: broken).count > 0)
  }

  @Test func `ablations, with and without a known division`() throws {
    let schema = try JSONSchema.fixture("ablation.schema.json")
    let model = SampleShop.model
    for truth in [[:], SignalAblation.folders(of: model)] {
      let text = AblationReport(SignalAblation(model, truth: truth, workers: .serial)).json
      #expect(try schema.problems(in: text) == [])
      #expect(text.contains("\"mojofm\"") == !truth.isEmpty)
    }
  }
}
