// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import HTTPExchange
import ShadowComparison

/// A part that is there.
struct PartReply {
  let bytes: [UInt8]
  /// Where what the template asks for stands.
  let found: [Range<Int>?]
  let cacheControl: CacheControl
  /// Fields of requests that the answer depends on.
  let vary: [String]
}

/// One question for one part: keeps its answer within its limits.
final class PartRun: SubrequestAsker {
  private static let fieldNames = [
    "age", "cache-control", "content-encoding", "vary", "www-authenticate",
  ].map { Array($0.utf8) }

  private let part: CompositionPart
  private let spans: JSONSpans
  private let memory: MemoryBudget
  private var status = 0
  private var fields: [(name: String, value: String)] = []
  private var body: [UInt8] = []
  /// Of the answer, those included that are not kept.
  private var received = 0
  private var problem: PartFailure?
  /// Told once; on the loop.
  private let report: (PartRun, Result<PartReply, PartFailure>) -> Void

  init(
    _ part: CompositionPart, _ spans: JSONSpans, _ memory: MemoryBudget,
    report: @escaping (PartRun, Result<PartReply, PartFailure>) -> Void
  ) {
    self.part = part
    self.spans = spans
    self.memory = memory
    self.report = report
  }

  deinit { memory.add(-MemoryBudget.weight(body.count)) }

  /// What a server that refuses asks its client for.
  var challenges: [String] { values(of: "www-authenticate") }

  private func values(of name: String) -> [String] {
    fields.filter { $0.name == name }.map(\.value)
  }

  private var isSuccess: Bool { (200..<300).contains(status) }

  func answerBegan(
    _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage
  ) {
    status = head.status
    fields = ShadowFields.kept(Self.fieldNames, storage, bytes).map {
      ($0.name.lowercased(), $0.value)
    }
    if case .length(let length) = head.body, isSuccess {
      if length > part.maximumBytes { problem = .tooLarge }
      // What was only promised must not take much memory.
      body.reserveCapacity(min(length, part.maximumBytes, 64 << 10))
    }
  }

  func answerGoesOn(_ bytes: UnsafeRawBufferPointer) -> Bool {
    received += bytes.count
    if received > part.maximumBytes, isSuccess { problem = .tooLarge }
    if memory.isExhausted { problem = problem ?? .memory }
    if problem != nil || received > part.maximumBytes { return false }
    if isSuccess {
      let before = MemoryBudget.weight(body.count)
      body.append(contentsOf: bytes)
      memory.add(MemoryBudget.weight(body.count) - before)
    }
    return true
  }

  func answerEnded(_ end: SubrequestEnd, microseconds: Int) {
    report(self, result(end))
  }

  private func result(_ end: SubrequestEnd) -> Result<PartReply, PartFailure> {
    if let problem { return .failure(problem) }
    switch end {
    case .late: return .failure(.timeout)
    case .failed(let failure): return .failure(.upstream(failure.name))
    case .refused(let problem): return .failure(.upstream(problem.reason))
    // Of an error nobody wants more than its status.
    case .cut where isSuccess || status == 0:
      return .failure(.upstream(UpstreamFailure.closedMidResponse.name))
    case .cut, .whole: break
    }
    guard isSuccess else { return .failure(.status(status)) }
    let codings = values(of: "content-encoding").filter { $0.lowercased() != "identity" }
    guard codings.isEmpty else { return .failure(.encoded) }
    return read()
  }

  /// No content is a value as well: there is nothing.
  private func read() -> Result<PartReply, PartFailure> {
    let bytes = body.isEmpty ? Array("null".utf8) : body
    guard let found = spans.find(in: bytes) else { return .failure(.notJSON) }
    let age = values(of: "age").first.flatMap { Int($0) } ?? 0
    let said = values(of: "cache-control")
    let control =
      said.isEmpty
      ? part.cacheControl ?? .unsaid : CacheControl(parsing: said, age: max(0, age))
    return .success(
      PartReply(bytes: bytes, found: found, cacheControl: control, vary: values(of: "vary")))
  }
}
