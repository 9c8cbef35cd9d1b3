// SPDX-License-Identifier: Apache-2.0

/// A service that was taken out, and the code that it was taken out of.
package struct RetirementScope: Sendable {
  package let service: String
  package let model: CodeModel
  /// Its types that are still in the sources.
  let types: Set<TypeID>

  /// As the analysis divides the code now.
  package init(_ study: BoundaryStudy, service name: String) throws(StudyQuestionError) {
    let number = try study.service(named: name)
    let model = study.model
    self.init(
      service: name, model,
      types: Self.types(model) { study.assignment.serviceOfType[$0] == number })
  }

  /// As it was agreed before anything was taken out.
  package init(
    _ baseline: BoundaryBaseline, _ model: CodeModel, service name: String
  ) throws(StudyQuestionError) {
    let names = baseline.services.map(\.name)
    guard let number = names.firstIndex(of: name) else {
      throw .unknownService(name, near: NearNames.find(name, among: names), all: names.sorted())
    }
    let apart = baseline.takingApart(model.canonical())
    let (service, _) = baseline.placed(apart, TypeKeys(apart, knownTo: baseline))
    self.init(service: name, apart, types: Self.types(apart) { service[$0] == number })
  }

  /// - Parameter types: the service's own.
  package init(service: String, _ model: CodeModel, types: Set<TypeID>) {
    self.service = service
    self.model = model
    self.types = types
  }

  private static func types(_ model: CodeModel, where isOwn: (Int) -> Bool) -> Set<TypeID> {
    Set(model.types.indices.filter(isOwn).map { TypeID($0) })
  }

  /// Routes that it handles in the monolith, in the order of the sources.
  package var routes: [RouteRegistration] { model.routes.filter { types.contains($0.handler) } }
}
