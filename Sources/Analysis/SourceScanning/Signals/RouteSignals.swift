// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

extension BodyInference {
  private static let routers: Set<String> = [
    "Router", "RouterGroup", "RouterMethods", "RoutesBuilder", "Routes", "RouteCollection",
    "RouterBuilder", "Application",
  ]
  static let verbs: Set<String> = [
    "get", "post", "put", "patch", "delete", "head", "options",
  ]

  /// Modules of the frameworks: their source may lie in the tree too, beside what uses it.
  private static let frameworks: Set<String> = [
    "Hummingbird", "HummingbirdRouter", "RoutingKit", "Vapor",
  ]

  /// A value of a router type is followed by where its paths start.
  func routerValue(of type: InferredType) -> InferredType {
    guard let name = frameworkName(of: type.unwrapped), Self.routers.contains(name) else {
      return type
    }
    return .router(RouteOrigin(carrier: nil, path: ""))
  }

  /// Name of a type that a framework declares, wherever that is; a framework's own source serves
  /// nobody.
  private func frameworkName(of type: InferredType) -> String? {
    switch type {
    case .external(let name, _): name
    case .nominal(let id, _): isOfFramework(table[id].file) ? table[id].name : nil
    default: nil
    }
  }

  private func isOfFramework(_ other: Int) -> Bool {
    Self.frameworks.contains(table.files[other].module)
      && !Self.frameworks.contains(table.files[context.file].module)
  }

  /// A parameter of router type gets its prefix from the calls of the function.
  func routerParameter(_ index: Int, of type: InferredType) -> InferredType {
    guard case .router(var origin) = routerValue(of: type), let member = context.member else {
      return type
    }
    origin.carrier = RouteOrigin.Carrier(member: member, parameter: index)
    return .router(origin)
  }

  private func origin(of type: InferredType) -> RouteOrigin? {
    if case .router(let origin) = routerValue(of: type.unwrapped) { return origin }
    return nil
  }

  /// `RouteCollection()` in a property or function starts paths at wherever that is mounted.
  private func collectionOrigin() -> RouteOrigin {
    let carrier = context.member.map { RouteOrigin.Carrier(member: $0, parameter: nil) }
    return RouteOrigin(carrier: carrier, path: "")
  }

  mutating func routerEffect(of site: CallSite) -> CallEffect? {
    if case .metatype(let made) = site.callee.type, frameworkName(of: made) == "RouteCollection" {
      return CallEffect(result: .router(collectionOrigin()))
    }
    guard site.callee.member.map({ isOfFramework(table[$0].file) }) ?? true,
      let receiver = site.receiver,
      let origin = origin(of: receiver.type)
    else { return nil }
    let hasHandler =
      !site.trailingClosures.isEmpty
      || site.arguments.contains { $0.label == "use" || isClosure($0.value) }
    switch site.name {
    case "group", "grouped":
      let inner = RouteOrigin(carrier: origin.carrier, path: origin.path + path(of: site))
      return CallEffect(result: .router(inner), closureParameters: [.router(inner)])
    case "on" where hasHandler:
      note(method(of: site), origin, site)
      return CallEffect(result: .router(origin))
    case let verb where Self.verbs.contains(verb) && hasHandler:
      note(verb.uppercased(), origin, site)
      return CallEffect(result: .router(origin))
    case "add", "addMiddleware": return CallEffect(result: .router(origin))
    case "addRoutes": return mount(site, on: origin)
    default: return nil
    }
  }

  private func isClosure(_ id: Expression.ID) -> Bool {
    if case .closure = facts[id] { true } else { false }
  }

  // MARK: Registrations

  private mutating func note(_ method: String, _ origin: RouteOrigin, _ site: CallSite) {
    guard isRecording, let registering = self.origin else { return }
    let route = RouteOrigin(carrier: origin.carrier, path: origin.path + path(of: site))
    signals.routes.append(
      FoundRoute(
        method: method, origin: route, registeredBy: registering,
        handler: handler(of: site) ?? registering, position: position(site.offset)))
  }

  /// The type whose method `use:` names.
  private func handler(of site: CallSite) -> TypeID? {
    guard let use = site.arguments.first(where: { $0.label == "use" }) else { return nil }
    var silent = self
    silent.isRecording = false
    guard let member = silent.evaluate(use.value).member, let owner = table[member].owner else {
      return nil
    }
    return numbering.type(of: owner, in: table)
  }

  /// `on(.GET, ...)` and `on("path", method: .get)`.
  private func method(of site: CallSite) -> String {
    for argument in site.arguments where argument.label == nil || argument.label == "method" {
      if case .member(nil, let name) = facts[argument.value] {
        let upper = name.uppercased()
        if Self.verbs.contains(upper.lowercased()) { return upper }
      }
    }
    return "*"
  }

  // MARK: Mounting

  /// `addRoutes(controller.routes, atPath: "/orders")`.
  private mutating func mount(_ site: CallSite, on origin: RouteOrigin) -> CallEffect {
    var silent = self
    silent.isRecording = false
    let prefix = site.arguments.first { $0.label == "atPath" }.map { path($0.value) } ?? ""
    if isRecording, let collection = site.arguments.first,
      let member = silent.evaluate(collection.value).member
    {
      signals.routerPasses.append(
        RouterPass(
          carrier: .init(member: member, parameter: nil),
          origin: RouteOrigin(carrier: origin.carrier, path: origin.path + prefix)))
    }
    return CallEffect(result: .router(origin))
  }

  /// A router that is an argument: the function's routes get its prefix.
  mutating func noteRouterPassed(
    _ value: Value, toParameter index: Int?, of site: CallSite
  ) {
    guard isRecording else { return }
    if let member = site.callee.member, let index, let origin = origin(of: value.type) {
      signals.routerPasses.append(
        RouterPass(carrier: .init(member: member, parameter: index), origin: origin))
    } else if site.name == "register", let router = site.receiver.flatMap({ origin(of: $0.type) }),
      case .nominal(let collection, _) = value.type,
      let boot = members(of: collection, named: "boot").first
    {
      signals.routerPasses.append(
        RouterPass(carrier: .init(member: boot, parameter: 0), origin: router))
    }
  }
}
