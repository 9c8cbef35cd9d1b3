// SPDX-License-Identifier: Apache-2.0

internal import HTTPExchange
import ShadowComparison

extension ConfigurationChecks {
  mutating func checkShadow(of route: RouteConfiguration, _ key: String) {
    guard let shadow = route.shadow, shadow.mode != .off else { return }
    guard let extracted = route.extracted else {
      return error(key, "there is no extracted upstream to send anything to")
    }
    switch shadow.sample {
    case .percent(let percent) where percent == .zero:
      error("\(key).percent", "0 % takes no request; write \"mode: off\" for that")
    case .percent: break
    case .rate(let rate): check(rate, in: 1...100_000, "\(key).rate")
    }
    let sandbox = configuration.upstreams.first { $0.name == extracted }?.isSandbox ?? false
    if shadow.includesWrites, !sandbox {
      error(
        "\(key).writes",
        "each write would happen on both sides: only an upstream with \"sandbox: true\" may get "
          + "them, and \"\(extracted)\" is none")
    }
    let methods = route.match.methods
    if !shadow.includesWrites, !methods.isEmpty, !methods.contains(where: Self.isSafe) {
      warning(
        key,
        "the route takes \(methods.joined(separator: ", ")) alone, which may change data, so none of "
          + "its requests is shadowed; \"writes: true\" sends them to an upstream with "
          + "\"sandbox: true\"")
    }
    for (index, name) in shadow.withhold.enumerated()
    where Self.framing.contains(ShadowConfiguration.comparedName(name)) {
      error("\(key).withhold[\(index)]", "no request is whole without \(name)")
    }
    check(shadow.deadline, "\(key).deadline", least: .milliseconds(1))
    check(shadow.inFlight, in: 1...10_000, "\(key).in-flight")
    check(shadow.compareBytes, in: 0...(64 << 20), "\(key).compare-bytes")
    check(shadow.bodyBytes, in: (1 << 16)...(1 << 34), "\(key).body-bytes")
    if shadow.compareBytes > shadow.bodyBytes {
      error("\(key).compare-bytes", "one body may not be larger than all of body-bytes")
    }
    checkRules(shadow.rules, "\(key).rules")
    if shadow.mode == .mirror, shadow.rules != ComparisonRules() {
      warning("\(key).rules", "without effect: \"mode: mirror\" compares nothing")
    }
  }

  private static func isSafe(_ method: String) -> Bool {
    Array(method.utf8).withUnsafeBytes { MethodKind.identify($0).isSafe }
  }

  private static let framing: Set<String> = ["host", "content-length", "transfer-encoding"]

  private mutating func checkRules(_ rules: ComparisonRules, _ key: String) {
    for (index, name) in rules.headers.enumerated() {
      let key = "\(key).headers[\(index)]"
      if !HTTPToken.isValid(name) {
        error(key, "expected a header field's name, found \"\(name)\"")
      }
    }
    for (index, pattern) in rules.ignore.enumerated() where pattern.text == "**" {
      error(
        "\(key).ignore[\(index)]",
        "every difference would be ignored, the status too; write \"mode: mirror\" for that")
    }
    for (index, array) in rules.unordered.enumerated() {
      let isTwice = rules.unordered[..<index].contains { $0.array == array.array }
      if isTwice { error("\(key).unordered[\(index)]", "\(array.array) stands here twice") }
    }
  }
}
