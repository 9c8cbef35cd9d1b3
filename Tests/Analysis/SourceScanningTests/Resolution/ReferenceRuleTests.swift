// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

/// One rule of name lookup or inference: a source and the type edges that follow from it.
struct ReferenceRule: CustomTestStringConvertible {
  var rule: String
  var source: String
  var edges: [String]
  var testDescription: String { rule }

  init(_ rule: String, _ source: String, _ edges: [String]) {
    self.rule = rule
    self.source = source
    self.edges = edges
  }

  static let declarations: [ReferenceRule] = [
    .init("superclass", "class A {}; class B: A {}", ["B -> A inheritance"]),
    .init("conformance", "protocol P {}; struct S: P {}", ["S -> P conformance"]),
    .init("protocol refines protocol", "protocol P {}; protocol Q: P {}", ["Q -> P conformance"]),
    .init(
      "class without superclass", "protocol P {}; class C: P {}", ["C -> P conformance"]),
    .init("stored property", "struct A {}; struct B { var a: A }", ["B -> A storedProperty"]),
    .init(
      "computed property", "struct A {}; struct B { var a: A { fatalError() } }",
      ["B -> A signature"]),
    .init(
      "parameter and result", "struct A {}; struct B {}; struct C { func f(_ a: A) -> B? { nil } }",
      ["C -> A signature", "C -> B signature"]),
    .init(
      "typed throws", "enum E: Error { case e }; struct S { func f() throws(E) {} }",
      ["S -> E signature"]),
    .init(
      "generic bound and where clause",
      "protocol P {}; protocol Q {}; struct S { func f<T: P>(_ t: T) where T: Q {} }",
      ["S -> P signature", "S -> Q signature"]),
    .init(
      "containers and optionals", "struct A {}; struct B {}; struct C { var x: [A: [B?]] }",
      ["C -> A storedProperty", "C -> B storedProperty"]),
    .init(
      "function types", "struct A {}; struct B {}; struct C { var f: (A) -> B }",
      ["C -> A storedProperty", "C -> B storedProperty"]),
    .init(
      "payload of an enum case", "struct A {}; enum E { case a(A) }", ["E -> A storedProperty"]),
    .init(
      "property wrapper",
      "@propertyWrapper struct W { var wrappedValue = 0 }\nstruct S { @W var x }",
      ["S -> W typeUse"]),
    .init(
      "extension binds to its type",
      "struct A {}; struct B {}\nextension A { func f() { _ = B() } }",
      ["A -> B construction"]),
    .init(
      "extension of a nested type from another extension",
      "struct B {}; struct A {}\nextension A.N { func f() { _ = B() } }\nextension A { struct N {} }",
      ["A.N -> A typeUse", "A.N -> B construction"]),
    .init(
      "conformance by extension", "protocol P {}; struct A {}\nextension A: P {}",
      ["A -> P conformance"]),
    .init(
      "type alias is transparent for members",
      "struct A { func go() {} }; typealias X = A\nstruct B { var x: X; func f() { x.go() } }",
      ["B -> A call", "B -> X storedProperty", "X -> A typeUse"]),
    .init(
      "nested type through a supertype",
      "class Base { struct Inner {} }\nclass C: Base { var i: Inner? }",
      ["C -> Base inheritance", "C -> Base.Inner storedProperty"]),
    .init("own members make no edge", "struct A { var x = 1; func f() { _ = x } }", []),
  ]

  static let inference: [ReferenceRule] = [
    .init(
      "stored property without annotation",
      "struct A { func go() {} }\nstruct B { let a = A(); func f() { a.go() } }",
      ["B -> A call", "B -> A construction"]),
    .init(
      "parameter", "struct A { func go() {} }\nstruct B { func f(a: A) { a.go() } }",
      ["B -> A call", "B -> A signature"]),
    .init(
      "result of a call through a chain",
      """
      struct C { func end() {} }
      struct A { func b() -> C { C() } }
      struct B { func f() { make().b().end() }; func make() -> A { A() } }
      """,
      [
        "A -> C construction", "A -> C signature", "B -> A call", "B -> A construction",
        "B -> A signature", "B -> C call",
      ]),
    .init(
      "optional chaining",
      "struct A { func go() {} }\nstruct B { var a: A?; func f() { a?.go() } }",
      ["B -> A call", "B -> A storedProperty"]),
    .init(
      "if let and guard let",
      """
      struct A { func go() {}; func on() {} }
      struct B {
        var a: A?
        func f() { if let a { a.go() } }
        func g() { guard let x = a else { return }; x.on() }
      }
      """,
      ["B -> A call", "B -> A storedProperty"]),
    .init(
      "for loop over an array",
      "struct A { func go() {} }\nstruct B { func f(_ all: [A]) { for a in all { a.go() } } }",
      ["B -> A call", "B -> A signature"]),
    .init(
      "closure parameter of map",
      "struct A { var n: Int }\nstruct B { func f(_ all: [A]) -> [Int] { all.map { $0.n } } }",
      ["B -> A call", "B -> A signature"]),
    .init(
      "closure parameter of an own function",
      """
      struct A { func go() {} }
      struct R { func with(_ body: (A) -> Void) {} }
      struct B { func f(_ r: R) { r.with { a in a.go() } } }
      """,
      ["B -> A call", "B -> R call", "B -> R signature", "R -> A signature"]),
    .init(
      "generic function returns what it is given",
      """
      func same<T>(_ t: T) -> T { t }
      struct A { func go() {} }
      struct B { func f() { same(A()).go() } }
      """,
      ["B -> A call", "B -> A construction", "B -> Sources/App/Main.swift global"]),
    .init(
      "generic type carries its argument",
      """
      struct Box<T> { var value: T }
      struct A { func go() {} }
      struct B { var box: Box<A>; func f() { box.value.go() } }
      """,
      ["B -> A call", "B -> A storedProperty", "B -> Box call", "B -> Box storedProperty"]),
    .init(
      "member of a generic bound",
      "protocol P { func go() }\nstruct B { func f<T: P>(_ t: T) { t.go() } }",
      ["B -> P call", "B -> P signature"]),
    .init(
      "existential and opaque types",
      "protocol P { func go() }\nstruct B { func f(_ a: any P, _ b: some P) { a.go(); b.go() } }",
      ["B -> P call", "B -> P signature"]),
    .init(
      "implicit member by context",
      "enum E { case a, b }\nstruct S { func f() -> E { .a }; func g(_ e: E) { g(.b) } }",
      ["S -> E call", "S -> E signature"]),
    .init(
      "implicit initialiser",
      "struct A { init(x: Int) {} }\nstruct B { func f() -> A { .init(x: 1) } }",
      ["B -> A construction", "B -> A signature"]),
    .init(
      "switch over an enum with payload",
      """
      struct A { func go() {} }
      enum E { case a(A), b }
      struct S { func f(_ e: E) { switch e { case .a(let a): a.go(); case .b: break } } }
      """,
      ["E -> A storedProperty", "S -> A call", "S -> E call", "S -> E signature"]),
    .init(
      "static member",
      "struct A { static let shared = A(); func go() {} }\nfunc f() { A.shared.go() }",
      ["Sources/App/Main.swift -> A call", "Sources/App/Main.swift -> A typeUse"]),
    .init(
      "cast", "class A { func go() {} }\nstruct B { func f(_ x: Any) { (x as? A)?.go() } }",
      ["B -> A call", "B -> A typeUse"]),
    .init(
      "global function", "func helper() {}\nstruct B { func f() { helper() } }",
      ["B -> Sources/App/Main.swift global"]),
    .init(
      "member of an extension of a type from elsewhere",
      "extension String { var slug: String { self } }\nstruct B { func f(_ s: String) { _ = s.slug } }",
      ["B -> Sources/App/Main.swift call"]),
    .init(
      "local shadows member",
      "struct A { func go() {} }; struct C { func go() {} }\n"
        + "struct B { var x: A; func f(_ c: C) { let x = c; x.go() } }",
      ["B -> A storedProperty", "B -> C call", "B -> C signature"]),
    .init(
      "key path", "struct A { var n = 0 }\nstruct B { let p = \\A.n }",
      ["B -> A call", "B -> A typeUse"]),
    .init(
      "unique member name of an unknown receiver",
      "struct A { func reserveStock() {} }\nstruct B { func f(_ x: Unknown) { x.y.z().reserveStock() } }",
      []),
    .init(
      "unique member name where nothing is known",
      "struct A { func reserveStock() {} }\nstruct B { func f() { mystery.reserveStock() } }",
      ["B -> A call"]),
    .init(
      "overload by label",
      """
      struct X { func go() {} }; struct Y { func go() {} }
      struct M { func make(x: Int) -> X { X() }; func make(y: Int) -> Y { Y() } }
      struct B { func f(_ m: M) { m.make(y: 1).go() } }
      """,
      [
        "B -> M call", "B -> M signature", "B -> Y call", "M -> X construction",
        "M -> X signature", "M -> Y construction", "M -> Y signature",
      ]),
    .init(
      "lazy closure property",
      "struct A { func go() {} }\nclass B { lazy var a = { A() }(); func f() { a.go() } }",
      ["B -> A call", "B -> A construction"]),
    .init(
      "dictionary subscript",
      "struct A { func go() {} }\nstruct B { var all: [String: A]; func f() { all[\"x\"]?.go() } }",
      ["B -> A call", "B -> A storedProperty"]),
  ]
}

@Suite struct ReferenceRuleTests {
  @Test("declarations", arguments: ReferenceRule.declarations)
  func declarations(rule: ReferenceRule) {
    #expect(InlineSources(rule.source).edges() == rule.edges)
  }

  @Test("what a name alone tells is marked as a guess") func guesses() {
    let model = InlineSources(
      """
      struct A { func settleEverything() {} }
      struct B { func f(_ a: A) { a.settleEverything(); unknown().settleEverything() } }
      """
    ).model()
    let calls = model.references.filter { $0.kind == .call }
    #expect(calls.map(\.symbol) == ["settleEverything", "settleEverything"])
    #expect(calls.map(\.isByNameAlone) == [false, true])
  }

  @Test("inference", arguments: ReferenceRule.inference)
  func inference(rule: ReferenceRule) {
    #expect(InlineSources(rule.source).edges() == rule.edges)
  }
}
