// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

@Suite struct DeepSourceTests {
  @Test func longChainDoesNotOverflow() {
    let links = 5_000
    let chain = String(repeating: ".next()", count: links)
    let source = """
      struct A { func next() -> A { self } }
      struct B { func f(a: A) { _ = a\(chain) } }
      """
    let model = InlineSources(source).model()
    #expect(model.findings.isEmpty)
    #expect(model.references.filter { $0.kind == .call }.count == links)
  }

  @Test(.timeLimit(.minutes(3)))
  func chainOfAHundredThousandCallsEndsInTime() {
    let links = 100_000
    let chain = String(repeating: ".next()", count: links)
    let source = """
      struct A { func next() -> A { self } }
      struct B { func f(a: A) { _ = a\(chain) } }
      struct C { func f(a: A) { _ = a.next() } }
      """
    let model = InlineSources(source).model()
    #expect(model.types.map(\.name) == ["A", "B", "C"])
    // All of it is read, and told.
    #expect(model.references.count { $0.kind == .call } == links + 1)
    #expect(model.findings.map(\.id) == ["long-chain"])
    #expect(model.findings.first?.message.contains("100000 calls") == true)
    #expect(model.findings.first?.locations.first?.line == 2)
    #expect(model.references.contains { model.types[Int($0.from.index)].name == "C" })
  }

  @Test func deepNestingIsAFindingAndTheRestIsRead() {
    let deep = String(repeating: "f(", count: 230) + "1" + String(repeating: ")", count: 230)
    let source = "struct A {}\nlet deep = \(deep)\nlet a = A()\n"
    let model = InlineSources(source).model()
    #expect(model.findings.map(\.id) == ["nesting-too-deep"])
    #expect(model.findings.first?.locations.first?.line == 2)
    #expect(model.references.count == 1)
  }

  @Test func towerOfBracketsIsAFinding() {
    let tower = String(repeating: "[ ", count: 40) + String(repeating: "]", count: 40)
    let model = InlineSources([
      "A.swift": "struct A {}\nlet tower = \(tower)\n", "B.swift": "struct B {}",
    ]).model()
    #expect(model.findings.map(\.id) == ["nesting-too-deep"])
    #expect(model.findings.first?.locations.first?.line == 2)
    #expect(model.types.map(\.name) == ["B"])
  }

  @Test func nestingBeyondTheParserIsAFinding() {
    let deep = String(repeating: "(", count: 5_000) + "1" + String(repeating: ")", count: 5_000)
    let model = InlineSources("struct A {}\nlet deep = \(deep)\n").model()
    #expect(model.findings.contains { $0.id == "parse-failure" })
    #expect(model.types.contains { $0.name == "A" })
  }

  @Test func longElseIfChain() {
    let branches = String(repeating: "if x { a.go() } else ", count: 150)
    let source = "struct A { func go() {} }\nfunc f(a: A, x: Bool) { \(branches) { a.go() } }"
    let model = InlineSources(source).model()
    #expect(model.references.filter { $0.kind == .call }.count == 151)
  }

  @Test func declarationsThatDependOnEachOther() {
    let source = """
      struct A { static let x = B.y; typealias T = B.T }
      struct B { static let y = A.x; typealias T = A.T; var t: T }
      class C: D {}; class D: C {}
      protocol P: Q { associatedtype E: P }; protocol Q: P {}
      func f<T: P>(_ t: T) where T.E: P { t.mystery() }
      """
    #expect(
      InlineSources(source).pairs().contains("C -> D"))
  }
}
