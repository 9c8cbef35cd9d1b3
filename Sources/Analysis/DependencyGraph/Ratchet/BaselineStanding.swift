// SPDX-License-Identifier: Apache-2.0

/// What there is today of the services that a baseline agreed on.
package struct BaselineStanding: Sendable, Equatable {
  package struct Service: Sendable, Equatable {
    package var name: String
    /// Types of it that are there, new ones among them.
    package var types = 0
    /// Types that the baseline knows and the sources have no more.
    package var gone = 0
    /// Lines of the files in which all types are this service's.
    package var lines = 0
    /// Routes that its types handle.
    package var routes: [Route] = []

    package struct Route: Sendable, Equatable {
      package var method: String
      package var path: String
    }
  }

  /// In the baseline's order.
  package var services: [Service]
  /// Types that belong to none.
  package var otherTypes = 0
  /// Lines of all other files.
  package var otherLines = 0
  /// Types that the baseline knows: none where it is one of another code base.
  package var knownTypes = 0
}

extension BoundaryBaseline {
  /// Holds today's sources against the services of this baseline.
  package func standing(_ model: CodeModel) -> BaselineStanding {
    let model = takingApart(model.canonical())
    let keys = TypeKeys(model, knownTo: self)
    let (service, newTypes) = placed(model, keys)
    var standing = BaselineStanding(services: services.map { .init(name: $0.name) })
    standing.knownTypes = model.types.count - newTypes.count
    let there = Set(model.types.indices.map { keys[$0] })
    for (number, known) in services.enumerated() {
      standing.services[number].gone = known.types.count { !there.contains($0) }
    }
    var inFile: [FileID: Set<Int?>] = [:]
    for index in model.types.indices {
      inFile[model.types[index].position.file, default: []].insert(service[index])
      if let number = service[index] {
        standing.services[number].types += 1
      } else {
        standing.otherTypes += 1
      }
    }
    for (index, file) in model.files.enumerated() {
      let owners = inFile[FileID(index)] ?? []
      if owners.count == 1, let owner = owners.first, let number = owner {
        standing.services[number].lines += file.lines
      } else {
        standing.otherLines += file.lines
      }
    }
    for route in model.routes {
      guard let number = service[Int(route.handler.index)] else { continue }
      standing.services[number].routes.append(.init(method: route.method, path: route.path))
    }
    return standing
  }
}
