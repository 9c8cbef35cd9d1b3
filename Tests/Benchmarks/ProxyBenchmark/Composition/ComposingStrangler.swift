// SPDX-License-Identifier: Apache-2.0

/// strangler, which answers with the answer of one slow server, or with that and two others.
struct ComposingStrangler: Contender {
  let name: String
  let program: String
  let transport: String
  /// The port of the slow server.
  let slow: UInt16
  /// Whether the answer is composed.
  let composes: Bool
  let versionArguments: [String] = []

  func prepare(_ task: ProxyTask, prefix: String) throws -> [String] {
    let configuration = """
      proxy:
        listen: 127.0.0.1:\(task.listen)
        workers: \(task.workers)
        transport: \(transport)
        timeouts: { connect: 2s, response-head: 30s, idle: 60s, drain: 1s }
      upstreams:
        slow: { endpoints: [127.0.0.1:\(slow)] }
        first: { endpoints: [127.0.0.1:\(task.legacy)] }
        second: { endpoints: [127.0.0.1:\(task.extracted)] }
        page:
          compose:
            parts:
              slow: { upstream: slow, path: "/slow/{id}", required: true }
              first: { upstream: first, path: "/first/{id}?{query}" }
              second: { upstream: second, path: "/second/{id}" }
      routes:
        - name: items
          match: { path: "/items/{id}", methods: [GET] }
          legacy: \(composes ? "page" : "slow")

      """
    let file = try ScratchFolder.shared.write(configuration, to: "\(prefix).yaml")
    return ["proxy", "--config", file, "--log-level", "error"]
  }
}
