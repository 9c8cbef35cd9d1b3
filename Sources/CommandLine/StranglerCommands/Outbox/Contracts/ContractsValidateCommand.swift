// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import JSONDocuments
internal import MessageContractFiles
internal import MessageContracts
internal import RoutingDecisions

struct ContractsValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check payloads against a contract, as an outbox with contracts does on append.",
    discussion: """
      Each file holds one payload. All that is wrong with it is listed, each with its place as a
      JSON Pointer.

      EXAMPLES
        strangler outbox contracts validate payload.json --event order/order-placed/2
        strangler outbox contracts validate samples/*.json --event order/order-placed/1 \\
          --contracts Sources/Orders/Contracts --format json
      """)

  @Argument(help: "Files with a payload each.")
  var files: [String]

  @Option(help: "The contract: aggregate type, event type and version.")
  var event: String

  @Option(help: "Folder with the contracts.")
  var contracts = "contracts"

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  private func name() throws -> ContractName {
    guard let name = ContractName(path: event + ".json") else {
      throw ValidationError(
        "--event: expected AGGREGATE/EVENT/VERSION, such as order/order-placed/1")
    }
    return name
  }

  func validate() throws { _ = try name() }

  func run() async throws {
    let name = try name()
    let contracts: EventContracts
    var payloads: [(file: String, bytes: [UInt8])] = []
    do {
      contracts = try EventContracts(folder: self.contracts)
      for file in files { payloads.append((file, try ContractFolder.bytes(file))) }
    } catch let error as UnusableContracts {
      throw CommandFailure.unusable(
        "the contracts cannot be used", details: error.problems.map(\.description))
    } catch let error as ContractFolder.Problem {
      throw CommandFailure.unusable(error.description)
    }
    let breaches = payloads.map { file, bytes in (file, Self.breach(bytes, name, contracts)) }
    Terminal.standardOutput.write(
      format == .json ? Self.json(breaches).json : Self.text(breaches))
    guard breaches.allSatisfy({ $0.1 == nil }) else { throw CommandFailure.negativeAnswer }
  }

  private static func breach(
    _ bytes: [UInt8], _ name: ContractName, _ contracts: EventContracts
  ) -> ContractBreach? {
    do throws(ContractBreach) {
      try contracts.check(bytes, name)
      return nil
    } catch {
      return error
    }
  }

  private static func text(_ breaches: [(file: String, breach: ContractBreach?)]) -> String {
    breaches.map { file, breach in
      guard let breach else { return "\(file): keeps its contract\n" }
      guard case .payload(let places) = breach.reason else { return "\(file): \(breach)\n" }
      return "\(file): breaks its contract \(breach.name.path)\n"
        + places.map { "  \($0)\n" }.joined()
    }.joined()
  }

  private static func json(_ breaches: [(file: String, breach: ContractBreach?)]) -> JSONValue {
    .array(
      breaches.map { file, breach in
        var members: [String: JSONValue] = ["file": .string(file), "valid": .bool(breach == nil)]
        if let breach { members["message"] = .string(breach.description) }
        if case .payload(let places)? = breach?.reason {
          members["breaches"] = .array(
            places.map { place in
              .object([
                "pointer": .string(place.pointer), "expected": .string(place.expected),
                "got": .string(place.got),
              ])
            })
        }
        return .object(members)
      })
  }
}
