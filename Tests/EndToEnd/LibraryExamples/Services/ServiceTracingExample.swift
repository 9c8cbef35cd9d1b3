// SPDX-License-Identifier: Apache-2.0

// snippet.show
import Hummingbird
import HummingbirdServices
import Logging
import ServiceTracing
import TraceSpans
import Tracing

/// A service whose requests are spans at a collector, where OpenTelemetry's variables name one.
struct TracedService {
  /// The first of the process's group: it ends last, and sends the others' last spans.
  let tracer: ServiceTracer
  let router: Router<BasicRequestContext>

  init(environment: [String: String], logger: Logger) throws {
    let settings =
      try TracingSettings(environment: environment, service: "stock")
      ?? TracingSettings(collector: nil, service: "stock")
    let tracer = ServiceTracer(settings, logger: logger)
    self.tracer = tracer
    router = Router()
    router.add(middleware: CallContextMiddleware(tracer: tracer))
    router.get("/stock/{article}") { _, context -> String in
      let article = try context.parameters.require("article")
      let count = tracer.withSpan("count pieces") { span in
        span.attributes["article"] = article
        return article.count
      }
      return "\(count)"
    }
  }
}
// snippet.hide
