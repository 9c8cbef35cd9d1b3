// SPDX-License-Identifier: Apache-2.0

internal import GatewayComposition
internal import ResiliencePolicies
internal import SpellingSuggestions

extension ConfigurationChecks {
  /// What an answer is made of has to be there, and requests have to say what it takes.
  mutating func checkComposition(_ plan: CompositionPlan, of upstream: UpstreamConfiguration) {
    let key = "upstreams.\(upstream.name).compose"
    if plan.parts.isEmpty { error("\(key).parts", "expected at least one part") }
    if plan.parts.count > CompositionPlan.mostParts {
      error(
        "\(key).parts",
        "each part is a request at the same time: expected at most \(CompositionPlan.mostParts), "
          + "found \(plan.parts.count)")
    }
    if let deadline = plan.deadline { check(deadline, "\(key).deadline", least: .milliseconds(1)) }
    var names: Set<String> = []
    for part in plan.parts {
      let key = "\(key).parts.\(part.name)"
      if !names.insert(part.name).inserted { error(key, "another part has this name") }
      checkPart(part, key)
      checkParameters(part.path, "\(key).path", of: upstream)
      if case .upstream(_, let path) = part.fallback, path != part.path {
        checkParameters(path, "\(key).fallback.path", of: upstream)
      }
    }
    checkAnswer(plan, "\(key).answer")
    checkWhatACompositionLacks(upstream)
  }

  private mutating func checkPart(_ part: CompositionPart, _ key: String) {
    checkAsked(part.upstream, "\(key).upstream")
    check(part.timeout, "\(key).timeout", least: .milliseconds(1))
    check(part.maximumBytes, in: 1...CompositionPart.mostBytes, "\(key).max-bytes")
    guard let fallback = part.fallback?.upstream else { return }
    checkAsked(fallback, "\(key).fallback.upstream")
    if fallback == part.upstream {
      error("\(key).fallback.upstream", "\"\(fallback)\" is the one that failed; name another")
    }
  }

  private mutating func checkAsked(_ name: String, _ key: String) {
    guard let asked = configuration.upstreams.first(where: { $0.name == name }) else {
      let guess = Spelling.guess(name, among: configuration.upstreams.map(\.name))
      return error(key, "there is no upstream \"\(name)\"; \(guess)")
    }
    if asked.composition != nil {
      error(key, "\"\(name)\" is composed itself; name the upstreams that it asks")
    }
  }

  /// Every route that leads here has to have the parameters that a part takes from the path.
  private mutating func checkParameters(
    _ path: PartPath, _ key: String, of upstream: UpstreamConfiguration
  ) {
    for route in configuration.routes(to: upstream.name) {
      for name in path.parameters where !route.match.path.parameterNames.contains(name) {
        error(
          key,
          "the route \"\(route.name)\" leads here, and its path \(route.match.path) has no {\(name)}"
        )
      }
    }
  }

  private mutating func checkAnswer(_ plan: CompositionPlan, _ key: String) {
    let names = plan.parts.map(\.name)
    if plan.answer.members.contains(where: { $0.name == AnswerTemplate.errorsMember }) {
      error("\(key)._errors", "the member _errors names the parts that failed; choose another name")
    }
    var used: Set<String> = []
    for reference in plan.answer.references {
      used.insert(reference.part)
      if !names.contains(reference.part) {
        let guess = Spelling.guess(reference.part, among: names)
        error(key, "there is no part \"\(reference.part)\"; \(guess)")
      }
    }
    // One that is misspelt is not there for the other reason.
    for name in names where !used.contains(name) && used.isSubset(of: names) {
      warning("\(key)", "nothing of the part \"\(name)\" stands in the answer")
    }
  }

  /// It has no endpoints of its own; those of its parts have all that.
  private mutating func checkWhatACompositionLacks(_ upstream: UpstreamConfiguration) {
    let key = "upstreams.\(upstream.name)"
    let reason =
      "a composed answer has no endpoints of its own; say it of the upstreams of its parts"
    if upstream.policies.healthCheck != nil { error("\(key).health-check", reason) }
    if upstream.policies.balance != .roundRobin { error("\(key).balance", reason) }
    if case .rules = upstream.policies.ejection { error("\(key).ejection", reason) }
    if upstream.wireProtocol == .http2 { error("\(key).protocol", reason) }
    if upstream.tls != nil { error("\(key).tls", reason) }
  }

  /// Nothing that changes something is sent to several at once.
  mutating func checkMethodsOfComposition(_ route: RouteConfiguration, _ key: String) {
    let sides = [route.legacy, route.extracted].compactMap(\.self)
    let composed = sides.first { name in
      configuration.upstreams.contains { $0.name == name && $0.composition != nil }
    }
    guard let composed else { return }
    if route.match.methods.isEmpty || !Set(route.match.methods).isSubset(of: ["GET", "HEAD"]) {
      error(
        "\(key).match.methods",
        "\"\(composed)\" is composed of several answers, which GET and HEAD alone may ask for: "
          + "expected [GET] or [GET, HEAD]")
    }
  }
}

extension ProxyConfiguration {
  /// The routes one of whose sides is that upstream.
  func routes(to upstream: String) -> [RouteConfiguration] {
    routes.filter { $0.legacy == upstream || $0.extracted == upstream }
  }
}
