// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Jobs and calls that leave the process.
extension BodyInference {
  private static let repeating: Set<String> = [
    "scheduleRepeatedTask", "scheduleRepeatedAsyncTask", "scheduledTimer",
  ]
  private static let clients: Set<String> = ["HTTPClient", "URLSession", "Client"]
  private static let clientCalls: Set<String> = [
    "execute", "get", "post", "put", "patch", "delete", "data", "dataTask", "upload", "uploadTask",
    "download", "downloadTask", "bytes", "send",
  ]
  private static let requests: Set<String> = ["HTTPClientRequest", "URLRequest", "ClientRequest"]

  /// Timers, and unstructured tasks that loop.
  mutating func noteJob(_ site: CallSite) {
    guard site.callee.member == nil, let origin else { return }
    if Self.repeating.contains(site.name) {
      signals.jobs.append(
        JobDeclaration(type: origin, evidence: site.name, position: position(site.offset)))
      return
    }
    let isTask = site.name == "Task" || (site.name == "detached" && receiverName(site) == "Task")
    guard isTask, let closure = site.trailingClosures.first,
      case .closure(let handle) = facts[closure.value], facts[handle].hasLoop
    else { return }
    signals.jobs.append(
      JobDeclaration(type: origin, evidence: "Task loop", position: position(site.offset)))
  }

  private func receiverName(_ site: CallSite) -> String {
    site.receiverID.map { name(of: $0) } ?? ""
  }

  mutating func noteOutboundCall(_ site: CallSite) {
    guard site.callee.member == nil, let origin, let target = outboundTarget(of: site) else {
      return
    }
    signals.outboundCalls.append(
      OutboundCall(type: origin, target: target, position: position(site.offset)))
  }

  /// A request counts where its URL is given; sending a request that was made elsewhere does not
  /// count again.
  private func outboundTarget(of site: CallSite) -> String? {
    if case .metatype(.external(let type, _)) = site.callee.type, Self.requests.contains(type) {
      guard let url = site.arguments.first(where: { $0.label == "url" }) else { return nil }
      return staticURL(url.value)
    }
    guard Self.clientCalls.contains(site.name), isClient(site), let first = site.arguments.first
    else { return nil }
    if let silentType = localType(of: first.value), Self.requests.contains(silentType) {
      return nil
    }
    return staticURL(first.value)
  }

  private func localType(of id: Expression.ID) -> String? {
    guard case .name(let name) = facts[id], case .external(let type, _)? = local(name) else {
      return nil
    }
    return type
  }

  private func isClient(_ site: CallSite) -> Bool {
    switch site.receiver?.type.unwrapped {
    case .external(let name, _)?: return Self.clients.contains(name)
    case .unknown?:
      let name = receiverName(site).lowercased()
      return name == "client" || name == "httpclient"
    default: return false
    }
  }

  /// The URL in a literal, also inside `URL(string:)`; else the expression as written.
  private func staticURL(_ id: Expression.ID) -> String {
    if case .forceUnwrap(let inner) = facts[id] { return staticURL(inner) }
    if case .call(_, let arguments, _) = facts[id], let first = arguments.first,
      let text = staticString(first.value)
    {
      return text
    }
    if let text = staticString(id) { return text }
    return ExpressionText(facts: facts).text(of: id)
  }
}

/// Writes an expression in short, for people.
struct ExpressionText {
  private static let depthLimit = 6
  let facts: FileFacts

  func text(of id: Expression.ID, depth: Int = 0) -> String {
    guard depth < Self.depthLimit else { return "…" }
    func inner(_ id: Expression.ID) -> String { text(of: id, depth: depth + 1) }
    switch facts[id] {
    case .name(let name): return name
    case .member(let base, let name): return (base.map(inner) ?? "") + "." + name
    case .call(let callee, let arguments, _):
      return inner(callee) + "(" + list(arguments, depth) + ")"
    case .subscripted(let base, let arguments):
      return inner(base) + "[" + list(arguments, depth) + "]"
    case .optionalChain(let base): return inner(base) + "?"
    case .forceUnwrap(let base): return inner(base) + "!"
    case .specialized(let base, _): return inner(base)
    case .string(let parts):
      let text = parts.map { part in
        switch part {
        case .text(let text): text
        case .interpolation(let arguments): "\\(" + list(arguments, depth) + ")"
        }
      }
      return "\"" + text.joined() + "\""
    case .sequence(let elements):
      let words = elements.compactMap { element -> String? in
        switch element {
        case .operand(let id): inner(id)
        case .operator(let name): name
        case .assignment: "="
        default: nil
        }
      }
      return words.joined(separator: " ")
    default: return "…"
    }
  }

  private func list(_ arguments: [Argument], _ depth: Int) -> String {
    arguments.map { ($0.label.map { $0 + ": " } ?? "") + text(of: $0.value, depth: depth + 1) }
      .joined(separator: ", ")
  }
}
