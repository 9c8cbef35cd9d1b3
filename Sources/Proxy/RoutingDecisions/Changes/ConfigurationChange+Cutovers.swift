// SPDX-License-Identifier: Apache-2.0

extension ConfigurationChange {
  /// A plan is taken up when its cutover starts: one that is under way goes on with the plan it
  /// started with, since its error rate is proved for that plan only.
  mutating func compareCutovers(_ running: ProxyConfiguration, _ next: ProxyConfiguration) {
    let before = Dictionary(running.cutovers.map { ($0.name, $0) }) { first, _ in first }
    for plan in next.cutovers {
      let subject = "cutover \(plan.name)"
      guard let old = before[plan.name] else {
        add(
          .added, subject,
          "moves \(plan.routes.joined(separator: ", ")) in \(plan.stages.count) stages")
        continue
      }
      for difference in SettingDifference.between(old, plan, key: "", skipping: ["name"]) {
        add(
          .changed, subject,
          "\(difference.key.dropFirst()): \(difference.text); from its next start on")
      }
    }
    let names = Set(next.cutovers.map(\.name))
    for plan in running.cutovers where !names.contains(plan.name) {
      add(.removed, "cutover \(plan.name)", "cannot be started any more")
    }
  }
}
