// SPDX-License-Identifier: Apache-2.0

/// What a registry says of the services that registered, as its JSON has it.
package struct RegistryListing: Sendable, Equatable, Codable {
  package struct Instance: Sendable, Equatable, Codable {
    package let name: String
    /// `10.0.0.5:8080`.
    package let endpoint: String
    /// The lease's term in seconds.
    package let lease: Int
    /// Milliseconds until it ends unless it is renewed.
    package let endsInMilliseconds: UInt64

    package init(name: String, endpoint: String, lease: Int, endsInMilliseconds: UInt64) {
      self.name = name
      self.endpoint = endpoint
      self.lease = lease
      self.endsInMilliseconds = endsInMilliseconds
    }
  }

  package struct Service: Sendable, Equatable, Codable {
    package let name: String
    package let instances: [Instance]

    package init(name: String, instances: [Instance]) {
      self.name = name
      self.instances = instances
    }
  }

  /// Every instance that lives had the time to say so. While that is not the case, one that is not
  /// listed may live as well.
  package let isComplete: Bool
  /// By name.
  package let services: [Service]

  package init(isComplete: Bool, services: [Service]) {
    self.isComplete = isComplete
    self.services = services
  }

  /// The table as it is.
  package init(_ table: LeaseTable, isComplete: Bool, at now: UInt64) {
    let leases = table.leases.sorted { LeaseTable.precedes($0.key, $1.key) }
    var services: [(name: String, instances: [Instance])] = []
    for (name, lease) in leases {
      if services.last?.name != name.service { services.append((name.service, [])) }
      services[services.count - 1].instances.append(
        Instance(
          name: name.instance, endpoint: lease.address.description, lease: lease.term,
          endsInMilliseconds: lease.end > now ? lease.end - now : 0))
    }
    self.init(
      isComplete: isComplete,
      services: services.map { Service(name: $0.name, instances: $0.instances) })
  }

  /// Where the instances of each service are, after another answer: those that it lists, and where
  /// it is not complete those that were known before as well.
  package func endpoints(after known: [String: [String]]) -> [String: [String]] {
    var found: [String: [String]] = [:]
    for service in services { found[service.name] = service.instances.map(\.endpoint) }
    if isComplete { return found }
    return found.merging(known) { new, old in new + old.filter { !new.contains($0) } }
  }
}
