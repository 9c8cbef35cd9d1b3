// SPDX-License-Identifier: Apache-2.0

package import DependencyGraph

/// Writes a division of named items.
package struct ClusteringReport: Sendable {
  private let clustering: ItemClustering
  private let algorithm: ClusteringAlgorithm
  private let objective: ItemClusterer.Objective
  private let names: [String]

  /// - Parameter names: wanted names of clusters by item, such as those of pinned items or of a
  ///   stored division; each cluster takes the one that most of its items have.
  package init(
    _ clustering: ItemClustering, algorithm: ClusteringAlgorithm,
    objective: ItemClusterer.Objective, names wanted: [String: String]
  ) {
    self.clustering = clustering
    self.algorithm = algorithm
    self.objective = objective
    var votes = [[String: Int]](repeating: [:], count: clustering.clusterCount)
    for member in clustering.members {
      if let name = wanted[member.name] { votes[member.cluster][name, default: 0] += 1 }
    }
    var taken: Set<String> = []
    var names = [String?](repeating: nil, count: clustering.clusterCount)
    // The cluster with most votes for a name gets it.
    let claims = votes.enumerated().flatMap { cluster, counts in
      counts.map { (cluster: cluster, name: $0.key, count: $0.value) }
    }.sorted { ($1.count, $0.cluster, $0.name) < ($0.count, $1.cluster, $1.name) }
    for claim in claims where names[claim.cluster] == nil && !taken.contains(claim.name) {
      names[claim.cluster] = claim.name
      taken.insert(claim.name)
    }
    var number = 0
    self.names = names.map { name in
      if let name { return name }
      repeat { number += 1 } while taken.contains("cluster-\(number)")
      return "cluster-\(number)"
    }
  }

  /// `contain CLUSTER ITEM` lines in order of item.
  package var rsf: String {
    // Who reads the scores of this division has to know what it was made for.
    (objective == .metrics ? "# objective: metrics\n" : "")
      + RigiStandardFormat.text(
        clustering.members.map { (item: $0.name, cluster: names[$0.cluster]) })
  }

  /// The division with the confidence of each item; schema `strangler.clustering/1`.
  package var json: String {
    var members = [[ItemClustering.Member]](repeating: [], count: clustering.clusterCount)
    for member in clustering.members { members[member.cluster].append(member) }
    return JSONValue.object([
      ("schema", .string("strangler.clustering/1")),
      ("algorithm", .string(algorithm.rawValue)),
      ("objective", .string(objective.rawValue)),
      ("runs", .integer(clustering.runs)),
      ("agreement", .number(clustering.agreement)),
      ("items", .integer(clustering.members.count)),
      (
        "clusters",
        .array(
          members.enumerated().map { cluster, items in
            .object([
              ("name", .string(names[cluster])), ("size", .integer(items.count)),
              ("confidence", .number(mean(items.map(\.confidence)))),
              ("items", .array(items.map(item))),
            ])
          })
      ),
    ]).text
  }

  private func item(_ member: ItemClustering.Member) -> JSONValue {
    var fields: [(String, JSONValue)] = [
      ("name", .string(member.name)), ("confidence", .number(member.confidence)),
    ]
    if let runnerUp = member.runnerUp { fields.append(("runnerUp", .string(names[runnerUp]))) }
    if member.isPlacedByName { fields.append(("placedBy", .string("name"))) }
    return .object(fields)
  }

  private func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }
}
