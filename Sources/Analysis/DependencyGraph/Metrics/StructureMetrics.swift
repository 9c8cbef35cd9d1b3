// SPDX-License-Identifier: Apache-2.0

/// Metrics of links inside and between services; weights are left out where a metric counts links.
extension MeasuredDivision {
  /// Structural modularity, BasicMQ (Mancoridis et al. 1998): mean density inside less mean density
  /// between. The variant `fse` sums ordered pairs, which doubles what is taken off. Between -1 and
  /// 1; high is good.
  package func structuralModularity(_ variant: MetricVariant? = nil) -> Double {
    let cohesion = mean { inner[$0] / (sizes[$0] * sizes[$0]) }
    guard serviceCount > 1 else { return cohesion }
    let between = graph.links.reduce(0) { sum, link in
      guard isCrossing(link) else { return sum }
      return sum + 1 / (2 * sizes[partition[link.from]] * sizes[partition[link.to]])
    }
    let pairs = Double(serviceCount * (serviceCount - 1)) / 2
    return cohesion - (variant == .fse ? 2 : 1) * between / pairs
  }

  /// TurboMQ (Mitchell 2002): sum over services of 2 i / (2 i + e) in weights, between 0 and the
  /// number of services; high is good.
  package var turboMQ: Double {
    (0..<serviceCount).reduce(0) { sum, service in
      let both = 2 * innerWeights[service]
      let all = both + outerWeights[service]
      return sum + (all > 0 ? both / all : 0)
    }
  }

  /// Cohesion (`cargo`): mean over services of 2 i / (2 i + e) in links; high is good.
  package var cohesion: Double {
    mean { service in
      let both = 2 * inner[service]
      let all = both + outer[service]
      return all > 0 ? both / all : 0
    }
  }

  /// Coupling (`cargo`): weight between services by all weight; low is good.
  package var coupling: Double {
    let crossing = outerWeights.reduce(0, +) / 2
    let all = crossing + innerWeights.reduce(0, +)
    return all > 0 ? crossing / all : 0
  }

  /// Quality of the constant Potts model (Traag, Van Dooren, Nesterov 2011): weight inside less
  /// `resolution` for each pair of companions; high is good.
  package func constantPotts(resolution: Double) -> Double {
    (0..<serviceCount).reduce(0) {
      $0 + innerWeights[$1] - resolution * sizes[$1] * (sizes[$1] - 1) / 2
    }
  }

  /// Instability of each service (Martin 1994): Ce / (Ca + Ce) with Ce outside items that it uses
  /// and Ca outside items that use it; 0 for one without any.
  package var instability: [Double] {
    var used = [Set<Int>](repeating: [], count: serviceCount)
    var users = used
    for link in graph.links where isCrossing(link) {
      used[partition[link.from]].insert(link.to)
      users[partition[link.to]].insert(link.from)
    }
    return zip(used, users).map { used, users in
      let all = used.count + users.count
      return all > 0 ? Double(used.count) / Double(all) : 0
    }
  }

  /// Distance from the main sequence (Martin 1994): |A + I - 1| with the abstract part A of each
  /// service's items; low is good.
  package func distance(isAbstract: (Int) -> Bool) -> [Double] {
    let members = partition.members
    return instability.enumerated().map { service, instability in
      let abstract = Double(members[service].count(where: isAbstract)) / sizes[service]
      return abs(abstract + instability - 1)
    }
  }
}
