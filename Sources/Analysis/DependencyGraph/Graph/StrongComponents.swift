// SPDX-License-Identifier: Apache-2.0

/// Strongly connected components of a directed graph (Tarjan 1972), without recursion.
struct StrongComponents {
  /// Component of each node. A component that reaches another has the higher number.
  let component: [Int]
  let count: Int

  init(successors: [[Int]]) {
    var search = Search(successors)
    for node in successors.indices where search.index[node] < 0 { search.visit(node) }
    component = search.component
    count = search.found
  }

  private struct Search {
    let successors: [[Int]]
    var index: [Int]
    private var low: [Int]
    private var isOpen: [Bool]
    private var open: [Int] = []
    private var counter = 0
    var component: [Int]
    var found = 0

    init(_ successors: [[Int]]) {
      self.successors = successors
      index = [Int](repeating: -1, count: successors.count)
      low = index
      component = index
      isOpen = [Bool](repeating: false, count: successors.count)
    }

    mutating func visit(_ root: Int) {
      var path: [(node: Int, next: Int)] = [(root, 0)]
      start(root)
      while let (node, next) = path.last {
        if next < successors[node].count {
          path[path.count - 1].next += 1
          let head = successors[node][next]
          if index[head] < 0 {
            start(head)
            path.append((head, 0))
          } else if isOpen[head] {
            low[node] = min(low[node], index[head])
          }
        } else {
          path.removeLast()
          if let parent = path.last?.node { low[parent] = min(low[parent], low[node]) }
          if low[node] == index[node] { close(node) }
        }
      }
    }

    private mutating func start(_ node: Int) {
      index[node] = counter
      low[node] = counter
      counter += 1
      open.append(node)
      isOpen[node] = true
    }

    private mutating func close(_ node: Int) {
      while let last = open.popLast() {
        isOpen[last] = false
        component[last] = found
        if last == node { break }
      }
      found += 1
    }
  }
}
