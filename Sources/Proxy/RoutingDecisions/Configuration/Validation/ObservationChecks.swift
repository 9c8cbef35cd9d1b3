// SPDX-License-Identifier: Apache-2.0

extension ConfigurationChecks {
  mutating func checkObservation() {
    if let log = configuration.accessLog {
      if log.path.isEmpty { error("proxy.access-log.path", "expected a file, or - for stdout") }
      if log.sample == 0 {
        error("proxy.access-log.sample", "0 logs nothing; leave access-log out for that")
      } else {
        checkShare(log.sample, "proxy.access-log.sample")
      }
    }
    if let tracing = configuration.tracing { checkShare(tracing.sample, "proxy.tracing.sample") }
  }

  private mutating func checkShare(_ share: Double, _ key: String) {
    if !(0...1).contains(share) { error(key, "expected a share from 0 to 1, found \(share)") }
  }
}
