// SPDX-License-Identifier: Apache-2.0

/// What a contender is told to do. All of them get the same: a path rule, a sticky 50/50 split by
/// the user's header between two origins, keep-alive on both sides, time limits, forwarding
/// headers, and no access log.
struct ProxyTask {
  let listen: UInt16
  let legacy: UInt16
  let extracted: UInt16
  let workers: Int
  let client: ClientProtocol
  /// nil in clear.
  let certificate: ServerCertificate?
  /// A tool looks at the process that is started, so it has to do the work itself.
  let isOneProcess: Bool
  /// How long a client may rest between two requests.
  let idleSeconds: Int
}

/// A proxy that can be measured.
protocol Contender: Sendable {
  var name: String { get }
  /// The program, to be run as it is or under a tool.
  var program: String { get }
  /// What makes it tell its version; empty when nothing does.
  var versionArguments: [String] { get }
  /// Whether the tool that counts instructions can run it.
  var runsUnderValgrind: Bool { get }
  /// Writes the files the program needs; its arguments. `prefix` keeps their names apart.
  func prepare(_ task: ProxyTask, prefix: String) throws -> [String]
}

extension Contender {
  var runsUnderValgrind: Bool { true }

  /// The first line that it says about its version.
  func version() throws -> String? {
    if versionArguments.isEmpty { return nil }
    let text = try ChildProcess.run(program, versionArguments).output
    return text.split(separator: "\n").first.map(String.init)
  }
}

/// The contenders that are there, ours first.
enum Contenders {
  static let ours = "strangler"

  /// `transports`: those of ours to measure, each as a contender.
  static func found(
    strangler: String, other: String?, envoy: String?, transports: [String]
  ) -> [any Contender] {
    var found: [any Contender] = builds(of: strangler, called: ours, transports)
    if let haproxy = path(of: "haproxy") { found.append(HAProxy(program: haproxy)) }
    if let nginx = path(of: "nginx") { found.append(Nginx(program: nginx)) }
    if let envoy = envoy ?? path(of: "envoy") { found.append(Envoy(program: envoy)) }
    if let other { found += builds(of: other, called: "other", transports) }
    return found
  }

  private static func builds(
    of program: String, called name: String, _ transports: [String]
  ) -> [Strangler] {
    transports.map { Strangler(name: self.name(name, $0), program: program, transport: $0) }
  }

  static func name(_ build: String, _ transport: String) -> String { "\(build) \(transport)" }

  /// Where a program is; administrators' folders are looked at too.
  static func path(of program: String) -> String? {
    let search = ProcessEnvironment.searchPath + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
    return search.map { "\($0)/\(program)" }.first(where: ProcessEnvironment.isExecutable)
  }
}
