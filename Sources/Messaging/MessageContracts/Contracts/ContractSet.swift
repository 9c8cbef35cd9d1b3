// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// A file of a folder of contracts.
public struct ContractFile: Sendable, Equatable {
  /// Path below the folder, with `/` between the parts.
  public var path: String
  /// Its bytes.
  public var bytes: [UInt8]

  /// Creates a file.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }
}

/// The schema of an event's payload in one version.
package struct Contract: Sendable {
  /// The keyword with which a version says that it breaks with the earlier ones, and why.
  package static let breakKeyword = "x-breaks"

  package let name: ContractName
  package let document: SchemaDocument

  /// Why the version may break with those before it; nil where it must not.
  package var breakReason: String? {
    guard case .object(let members) = document.json,
      case .string(let reason) = members[Self.breakKeyword]
    else { return nil }
    return reason
  }
}

/// What is wrong with a file of contracts, so that it cannot be used.
public struct ContractProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file, below the folder of contracts.
  public var file: String
  /// JSON Pointer into the file; empty for all of it.
  public var pointer: String
  /// What is wrong and what to do.
  public var message: String

  /// `order/order-placed/2.json#/properties/total: ...`.
  public var description: String {
    "\(file)\(pointer.isEmpty ? "" : "#" + pointer): \(message)"
  }
}

/// A folder of contracts: `<aggregate type>/<event type>/<version>.json`.
package struct ContractSet: Sendable {
  /// In the order of their names.
  package let contracts: [Contract]
  /// Files that cannot be used, in the order of their paths.
  package private(set) var problems: [ContractProblem] = []
  private let places: [ContractName: Int]

  /// Reads every file; what cannot be used is a problem, and the others are read all the same.
  /// - Parameter label: What texts call the folder where there are two of them.
  package init(_ files: [ContractFile], label: String = "") {
    var contracts: [Contract] = []
    for file in files.sorted(by: { $0.path < $1.path }) {
      switch Self.read(file, label: label) {
      case .success(let contract): contracts.append(contract)
      case .failure(let failure): problems += failure.problems
      }
    }
    contracts.sort { $0.name < $1.name }
    places = Dictionary(
      contracts.enumerated().map { ($0.element.name, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    self.contracts = contracts
  }

  private struct Unreadable: Error {
    var problems: [ContractProblem]

    init(_ file: ContractFile, _ message: String, pointer: String = "") {
      problems = [ContractProblem(file: file.path, pointer: pointer, message: message)]
    }

    init(_ file: ContractFile, _ problems: [SchemaProblem]) {
      self.problems = problems.map {
        ContractProblem(file: file.path, pointer: $0.pointer, message: $0.message)
      }
    }
  }

  private static func read(
    _ file: ContractFile, label: String
  ) -> Result<Contract, Unreadable> {
    guard let name = ContractName(path: file.path) else {
      return .failure(
        Unreadable(
          file,
          """
          contracts lie at AGGREGATE/EVENT/VERSION.json, such as order/order-placed/1.json; \
          write other characters than letters, digits and -._~+@ as % and two digits
          """))
    }
    let json: JSONValue
    do throws(JSONProblem) {
      json = try JSONParser.parse(file.bytes)
    } catch {
      let place = error.place(in: file.bytes)
      return .failure(
        Unreadable(
          file, "line \(place.line), column \(place.column): \(error.reason.rawValue) in the JSON"))
    }
    if case .object(let members) = json, let reason = members[Contract.breakKeyword] {
      guard case .string(let text) = reason, !text.isEmpty else {
        return .failure(
          Unreadable(
            file, "expected a text that says why this version may break with the earlier ones",
            pointer: "/" + Contract.breakKeyword))
      }
    }
    let (document, problems) = SchemaDocument.read(
      json, label: label + "v\(name.version)")
    guard let document else { return .failure(Unreadable(file, problems)) }
    return .success(Contract(name: name, document: document))
  }

  package func contract(_ name: ContractName) -> Contract? {
    places[name].map { contracts[$0] }
  }

  /// Versions of one event together, in their order.
  package var histories: [[Contract]] {
    var histories: [[Contract]] = []
    for contract in contracts {
      if let last = histories.last?.last, last.name.aggregateType == contract.name.aggregateType,
        last.name.eventType == contract.name.eventType
      {
        histories[histories.count - 1].append(contract)
      } else {
        histories.append([contract])
      }
    }
    return histories
  }
}
