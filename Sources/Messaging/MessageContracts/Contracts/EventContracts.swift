// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
public import TransactionalMessaging

/// Contracts that events are held to when they are appended.
///
/// ```swift
/// let contracts = try EventContracts(folder: "contracts")
/// let outbox = SQLiteOutbox(contracts: contracts)
/// ```
///
/// A payload has to be JSON that the schema of its event, type and `schemaVersion` allows, with no
/// members that the schema does not name unless it says with `additionalProperties` what others may
/// be.
public struct EventContracts: Sendable {
  /// What becomes of events without a contract.
  public enum Undescribed: Sendable {
    /// They break one, so that none is forgotten.
    case refused
    /// They are not looked at.
    case accepted
  }

  private let rules: [ContractName: WritingRules]
  private let undescribed: Undescribed

  /// Reads contracts.
  ///
  /// - Throws: `UnusableContracts` with everything that is wrong.
  public init(
    _ files: [ContractFile], undescribed: Undescribed = .refused
  ) throws(UnusableContracts) {
    let contracts = ContractSet(files)
    guard contracts.problems.isEmpty else {
      throw UnusableContracts(problems: contracts.problems)
    }
    rules = Dictionary(
      contracts.contracts.map { ($0.name, WritingRules($0.document)) },
      uniquingKeysWith: { first, _ in first })
    self.undescribed = undescribed
  }

  /// Names of the contracts, sorted.
  public var names: [ContractName] { rules.keys.sorted() }

  /// Checks an event's payload. One that is elsewhere, with `payloadReference` and no bytes, is not
  /// looked at.
  public func check(_ event: OutboxEvent) throws(ContractBreach) {
    if event.payload.isEmpty, event.payloadReference != nil { return }
    try check(event.payload, ContractName(event))
  }

  /// Checks a payload against the contract of a name.
  public func check(_ payload: [UInt8], _ name: ContractName) throws(ContractBreach) {
    guard let rules = rules[name] else {
      if undescribed == .accepted { return }
      throw ContractBreach(name: name, reason: .noContract(versions: versions(name)))
    }
    let value: JSONValue
    do {
      value = try JSONParser.parse(payload)
    } catch {
      throw ContractBreach(name: name, reason: .noJSON("\(error)"))
    }
    let breaches = rules.breaches(value)
    guard breaches.isEmpty else { throw ContractBreach(name: name, reason: .payload(breaches)) }
  }

  private func versions(_ name: ContractName) -> [Int] {
    rules.keys.filter {
      $0.aggregateType == name.aggregateType && $0.eventType == name.eventType
    }.map(\.version).sorted()
  }
}

/// Contracts that cannot be used, with all that is wrong with them.
public struct UnusableContracts: Error, Sendable, Equatable, CustomStringConvertible {
  /// At least one.
  public var problems: [ContractProblem]

  /// Creates the error.
  public init(problems: [ContractProblem]) { self.problems = problems }

  /// A line for each problem.
  public var description: String {
    "the contracts cannot be used:\n" + problems.map { "  \($0)" }.joined(separator: "\n")
  }
}

/// An event that is not what its contract says.
public struct ContractBreach: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Sendable, Equatable {
    /// There is no such contract; the event has these versions.
    case noContract(versions: [Int])
    /// The payload is no JSON, because of this.
    case noJSON(String)
    /// The payload differs from its schema, at least in one place.
    case payload([PayloadBreach])
  }

  /// The contract.
  public var name: ContractName
  /// Why it is broken.
  public var reason: Reason

  /// Creates the error.
  public init(name: ContractName, reason: Reason) {
    self.name = name
    self.reason = reason
  }

  /// Most differences that a sentence lists.
  private static let shown = 3

  /// What is wrong, where, and what to do.
  public var description: String {
    switch reason {
    case .noContract(let versions):
      let known =
        versions.isEmpty
        ? "the event has none"
        : "there is version \(versions.map(String.init).joined(separator: ", "))"
      return """
        there is no contract for \(name), \(known); write it as \(name.path) in the folder of \
        contracts, or let events without a contract pass
        """
    case .noJSON(let problem):
      return "the payload of \(name) is no JSON: \(problem); write what \(name.path) says"
    case .payload(let breaches):
      let more = breaches.count > Self.shown ? ", and \(breaches.count - Self.shown) more" : ""
      let places = breaches.prefix(Self.shown).map(\.description).joined(separator: "; ")
      return """
        the payload of \(name) breaks its contract \(name.path): \(places)\(more). Write what the \
        contract says, or describe the new shape in a version of its own and append the event with \
        that schemaVersion
        """
    }
  }
}
