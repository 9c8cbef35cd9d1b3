// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The services that a process knows by name, whoever told it where they are.
public final class ServiceRegistry: Sendable {
  private let entries = Mutex<[String: ServiceEntry]>([:])

  /// Creates a registry.
  ///
  /// - Parameter endpoints: those that are known from the start.
  public init(_ endpoints: [String: [ServiceEndpoint]] = [:]) {
    for (name, endpoints) in endpoints { self[name].replace(endpoints) }
  }

  /// The entry of a service; without endpoints when nobody told of any so far.
  public subscript(name: String) -> ServiceEntry {
    entries.withLock { entries in
      if let entry = entries[name] { return entry }
      let entry = ServiceEntry(name)
      entries[name] = entry
      return entry
    }
  }
}
