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

  mutating func checkJournal() {
    guard let journal = configuration.journal else { return }
    if let mistake = journal.place.mistake {
      error("proxy.journal.\(mistake.key)", mistake.text)
    }
    if !ConfigurationName.isValid(journal.installation) {
      error("proxy.journal.installation", "expected \(ConfigurationName.expected)")
    }
    if configuration.admin == nil {
      warning("proxy.journal", "nobody can move a route without proxy.admin")
    } else if configuration.admin?.asksForToken == false {
      error(
        "proxy.admin",
        "what is journaled needs somebody to vouch for it: set admin-token-file to a file (made "
          + "with a random token where there is none), or admin-token-env")
    }
  }

  mutating func checkRegistry() {
    guard let registry = configuration.registry else { return }
    if let mistake = registry.url.flatMap({ JournalConfiguration.Place.postgreSQL($0).mistake }) {
      error("proxy.registry.\(mistake.key)", mistake.text)
    }
    if configuration.admin == nil, registry.url == nil {
      error("proxy.registry", "there is no \"admin\" address at which services could register")
    }
    if registry.hasToken, configuration.admin?.asksForToken == false {
      error(
        "proxy.registry",
        "its token guards nothing while the admin API asks for none: set admin-token-file or "
          + "admin-token-env as well")
    }
  }

  private mutating func checkShare(_ share: Double, _ key: String) {
    if !(0...1).contains(share) { error(key, "expected a share from 0 to 1, found \(share)") }
  }
}
