// SPDX-License-Identifier: Apache-2.0

/// Where a service's spans go and which there are.
public struct TracingSettings: Sendable, Equatable {
  /// Where recorded spans are posted as OTLP/HTTP JSON, such as `http://127.0.0.1:4318/v1/traces`;
  /// nil passes traces on and sends nothing.
  public var collector: String?
  /// The attribute `service.name` of the spans.
  public var service: String
  /// Share of the traces that begin here which are recorded, 0 to 1. For a trace that began
  /// elsewhere its `sampled` flag decides.
  public var sample: Double
  /// Most spans that wait for the collector; one more is lost, and counted.
  public var waiting = 2_048
  /// Most spans of one request to the collector.
  public var batch = 512
  /// Longest wait of a span for others to go with it, in milliseconds.
  public var interval: Int64 = 1_000
  /// How long the collector may take for a request, in milliseconds.
  public var timeout: Int64 = 10_000

  /// Creates settings.
  public init(collector: String?, service: String, sample: Double = 1) {
    self.collector = collector
    self.service = service
    self.sample = sample
  }

  /// A variable that cannot be used.
  public struct Unusable: Error, Sendable, Equatable, CustomStringConvertible {
    /// Its name.
    public var variable: String
    /// What it holds.
    public var value: String
    /// What it should hold.
    public var expected: String

    /// One sentence with all three.
    public var description: String {
      "\(variable): expected \(expected), found \"\(value)\""
    }
  }

  /// Reads what OpenTelemetry's variables say: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or
  /// `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER` with its `_ARG`,
  /// `OTEL_EXPORTER_OTLP_TIMEOUT`, `OTEL_BSP_MAX_QUEUE_SIZE`, `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`,
  /// `OTEL_BSP_SCHEDULE_DELAY` and `OTEL_SDK_DISABLED`
  /// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables).
  ///
  /// - Parameters:
  ///   - environment: the process's variables.
  ///   - service: the name where the variables have none.
  /// - Returns: nil where they name no collector, or tracing is disabled.
  /// - Throws: `Unusable` naming the first variable that cannot be read.
  public init?(environment: [String: String], service: String) throws(Unusable) {
    let variables = TracingVariables(environment)
    if variables.text("OTEL_SDK_DISABLED")?.lowercased() == "true" { return nil }
    guard let collector = try variables.collector() else { return nil }
    self.init(
      collector: collector, service: variables.text("OTEL_SERVICE_NAME") ?? service,
      sample: try variables.share())
    timeout = Int64(try variables.count("OTEL_EXPORTER_OTLP_TIMEOUT") ?? Int(timeout))
    waiting = try variables.count("OTEL_BSP_MAX_QUEUE_SIZE") ?? waiting
    batch = min(waiting, try variables.count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") ?? batch)
    interval = Int64(try variables.count("OTEL_BSP_SCHEDULE_DELAY") ?? Int(interval))
  }
}

/// What variables hold; an empty one counts as none.
private struct TracingVariables {
  let environment: [String: String]

  init(_ environment: [String: String]) { self.environment = environment }

  func text(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  func collector() throws(TracingSettings.Unusable) -> String? {
    let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    if let url = text(own) { return try address(url, of: own) }
    let all = "OTEL_EXPORTER_OTLP_ENDPOINT"
    guard let url = text(all) else { return nil }
    let base = try address(url, of: all)
    return base + (base.hasSuffix("/") ? "" : "/") + "v1/traces"
  }

  private func address(
    _ url: String, of variable: String
  ) throws(TracingSettings.Unusable) -> String {
    for scheme in ["http://", "https://"]
    where url.hasPrefix(scheme) && url.utf8.count > scheme.utf8.count { return url }
    throw TracingSettings.Unusable(
      variable: variable, value: url, expected: "an address such as http://127.0.0.1:4318")
  }

  func share() throws(TracingSettings.Unusable) -> Double {
    let name = "OTEL_TRACES_SAMPLER"
    switch text(name) {
    case nil, "parentbased_always_on": return 1
    case "parentbased_always_off": return 0
    case "parentbased_traceidratio":
      let argument = name + "_ARG"
      guard let value = text(argument) else { return 1 }
      guard let share = Double(value), (0...1).contains(share) else {
        throw TracingSettings.Unusable(
          variable: argument, value: value, expected: "a share from 0 to 1")
      }
      return share
    case let value?:
      throw TracingSettings.Unusable(
        variable: name, value: value,
        expected: "parentbased_always_on, parentbased_always_off or parentbased_traceidratio")
    }
  }

  func count(_ name: String) throws(TracingSettings.Unusable) -> Int? {
    guard let value = text(name) else { return nil }
    guard let count = Int(value), (1...10_000_000).contains(count) else {
      throw TracingSettings.Unusable(
        variable: name, value: value, expected: "a number from 1 to 10000000")
    }
    return count
  }
}
