// SPDX-License-Identifier: Apache-2.0

/// The access log: one JSON object a line for each request that is over.
public struct AccessLogConfiguration: Sendable, Equatable {
  /// The file lines are appended to, opened anew on SIGHUP and SIGUSR1; `-` is standard output.
  public var path: String
  /// Share of the requests that are logged, above 0 and up to 1, evenly spread.
  public var sample: Double
  /// `query`: targets are logged with their query strings, as they came. Where those may hold
  /// secrets or names of people, false leaves them out.
  public var includesQuery: Bool

  /// Creates an access log's configuration.
  public init(path: String, sample: Double = 1, includesQuery: Bool = true) {
    self.path = path
    self.sample = sample
    self.includesQuery = includesQuery
  }
}

/// Distributed tracing by W3C Trace Context.
///
/// Each request gets a span of its own, as a child of the caller's or as the first of a new trace,
/// and each try at an upstream one below that, which the upstream is told in `traceparent`; so does
/// the copy that a shadow gets. Without tracing both fields pass as they came.
public struct TracingConfiguration: Sendable, Equatable {
  /// Where recorded spans are posted as OTLP/HTTP JSON, such as `http://127.0.0.1:4318/v1/traces`;
  /// nil passes the context on and sends nothing.
  public var collector: String?
  /// Share of the traces that begin here which are recorded, 0 to 1. For a trace that began
  /// elsewhere its `sampled` flag decides.
  public var sample: Double
  /// The attribute `service.name` of the spans.
  public var serviceName: String

  /// Creates a configuration of tracing.
  public init(collector: String? = nil, sample: Double = 1, serviceName: String = "strangler") {
    self.collector = collector
    self.sample = sample
    self.serviceName = serviceName
  }
}
