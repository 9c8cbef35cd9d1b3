// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import ProxyDataPlane

/// `/metrics`, in the Prometheus text format, version 0.0.4.
struct MetricsController {
  let routing: LiveRouting
  let counters: ProxyCounters
  let upstreams: UpstreamMonitor?
  let shadows: ShadowMonitor?
  let reloader: ConfigurationReloader?
  let runner: CutoverRunner?

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/metrics") { _, _ in
      let text =
        ProxyMetrics.text(routing: routing, counters: counters)
        + (upstreams.map { UpstreamMetrics.text($0.snapshot()) } ?? "")
        + (shadows.map { ShadowMetrics.text($0.snapshot()) } ?? "")
        + (reloader.map(ReloadMetrics.text) ?? "")
        + ((await runner?.overview()).map(CutoverMetrics.text) ?? "")
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: .init(byteBuffer: .init(string: text)))
    }
  }
}
