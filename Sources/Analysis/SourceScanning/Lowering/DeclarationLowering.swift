// SPDX-License-Identifier: Apache-2.0
import SwiftSyntax

extension FileLowering {
  typealias Parent = Handle<Declaration>?

  mutating func lower(_ node: DeclSyntax, parent: Parent, isLocal: Bool) {
    inOutline { $0.lowerDeclaration(node, parent, isLocal) }
  }

  private mutating func lowerDeclaration(_ node: DeclSyntax, _ parent: Parent, _ isLocal: Bool) {
    switch node.as(DeclSyntaxEnum.self) {
    case .classDecl(let node): lowerType(node, .class, node.name, node, parent, isLocal)
    case .structDecl(let node): lowerType(node, .struct, node.name, node, parent, isLocal)
    case .enumDecl(let node): lowerType(node, .enum, node.name, node, parent, isLocal)
    case .actorDecl(let node): lowerType(node, .actor, node.name, node, parent, isLocal)
    case .protocolDecl(let node): lowerType(node, .protocol, node.name, nil, parent, isLocal)
    case .extensionDecl(let node): lower(node, parent)
    case .typeAliasDecl(let node): lower(node, parent, isLocal)
    case .associatedTypeDecl(let node): lower(node, parent)
    case .functionDecl(let node): lower(node, parent, isLocal)
    case .initializerDecl(let node): lower(node, parent)
    case .deinitializerDecl(let node): lower(node, parent)
    case .subscriptDecl(let node): lower(node, parent)
    case .variableDecl(let node): lower(node, parent)
    case .enumCaseDecl(let node): lower(node, parent)
    case .importDecl(let node): lower(node)
    case .ifConfigDecl(let node):
      guard case .decls(let members)? = conditions.activeClause(of: node)?.elements else { return }
      for member in members { lower(member.decl, parent: parent, isLocal: isLocal) }
    default: return
    }
  }

  mutating func add(_ declaration: Declaration) -> Handle<Declaration> {
    facts.declarations.append(declaration)
    return Handle(facts.declarations.count - 1)
  }

  /// Appends first and fills in afterwards, so that parents stand before their children.
  private mutating func fill(
    _ declaration: Declaration, _ body: (inout FileLowering, inout Declaration, Parent) -> Void
  ) {
    let handle = add(declaration)
    var filled = declaration
    body(&self, &filled, handle)
    facts.declarations[Int(handle.index)] = filled
  }

  private mutating func declaration(
    _ kind: Declaration.Kind, _ nameToken: TokenSyntax, _ modifiers: DeclModifierListSyntax,
    _ attributes: AttributeListSyntax, _ parent: Parent
  ) -> Declaration {
    var made = Declaration(
      kind: kind, name: name(nameToken), offset: offset(nameToken), parent: parent)
    made.access = access(modifiers)
    made.isStatic = modifiers.contains {
      $0.name.tokenKind == .keyword(.static) || $0.name.tokenKind == .keyword(.class)
    }
    made.attributes = lowerAttributes(attributes)
    return made
  }

  private func access(_ modifiers: DeclModifierListSyntax) -> Declaration.Access? {
    for modifier in modifiers where modifier.detail == nil {
      switch modifier.name.tokenKind {
      case .keyword(.public), .keyword(.open), .keyword(.package): return .everywhere
      case .keyword(.internal): return .module
      case .keyword(.private), .keyword(.fileprivate): return .file
      default: continue
      }
    }
    return nil
  }

  private func extent(of node: some SyntaxProtocol) -> Range<UInt32> {
    offset(node)..<UInt32(node.endPosition.utf8Offset)
  }

  // MARK: Types

  private mutating func lowerType(
    _ node: some DeclGroupSyntax, _ kind: Declaration.Kind, _ nameToken: TokenSyntax,
    _ generics: (any WithGenericParametersSyntax)?, _ parent: Parent, _ isLocal: Bool
  ) {
    var made = declaration(kind, nameToken, node.modifiers, node.attributes, parent)
    made.isLocal = isLocal
    made.extent = extent(of: node)
    let whereClause = generics?.genericWhereClause ?? node.genericWhereClause
    made.generics = lower(generics?.genericParameterClause, where: whereClause)
    made.inherited = node.inheritanceClause?.inheritedTypes.map { lower($0.type) } ?? []
    let handle = add(made)
    for member in node.memberBlock.members {
      lower(member.decl, parent: handle, isLocal: false)
    }
  }

  private mutating func lower(_ node: ExtensionDeclSyntax, _ parent: Parent) {
    var made = Declaration(
      kind: .extension, name: node.extendedType.trimmedDescription,
      offset: offset(node.extendedType), parent: parent)
    made.access = access(node.modifiers)
    made.extent = extent(of: node)
    made.attributes = lowerAttributes(node.attributes)
    made.type = lower(node.extendedType)
    made.generics = lower(nil, where: node.genericWhereClause)
    made.inherited = node.inheritanceClause?.inheritedTypes.map { lower($0.type) } ?? []
    let handle = add(made)
    for member in node.memberBlock.members {
      lower(member.decl, parent: handle, isLocal: false)
    }
  }

  private mutating func lower(_ node: TypeAliasDeclSyntax, _ parent: Parent, _ isLocal: Bool) {
    var made = declaration(.typealias, node.name, node.modifiers, node.attributes, parent)
    made.isLocal = isLocal
    made.extent = extent(of: node)
    made.generics = lower(node.genericParameterClause, where: node.genericWhereClause)
    made.type = lower(node.initializer.value)
    _ = add(made)
  }

  private mutating func lower(_ node: AssociatedTypeDeclSyntax, _ parent: Parent) {
    var made = declaration(.associatedType, node.name, node.modifiers, node.attributes, parent)
    made.inherited = node.inheritanceClause?.inheritedTypes.map { lower($0.type) } ?? []
    made.type = (node.initializer?.value).map { lower($0) }
    made.generics = lower(nil, where: node.genericWhereClause)
    _ = add(made)
  }

  // MARK: Functions

  private mutating func lower(_ node: FunctionDeclSyntax, _ parent: Parent, _ isLocal: Bool) {
    var made = declaration(.function, node.name, node.modifiers, node.attributes, parent)
    made.isLocal = isLocal
    fill(made) { lowering, made, handle in
      lowering.lowerSignature(node.signature, into: &made)
      made.generics = lowering.lower(
        node.genericParameterClause, where: node.genericWhereClause)
      made.body = node.body.map { lowering.lower($0.statements, in: handle).handle }
    }
  }

  private mutating func lower(_ node: InitializerDeclSyntax, _ parent: Parent) {
    var made = declaration(.initializer, node.initKeyword, node.modifiers, node.attributes, parent)
    made.isStatic = true
    made.isFailable = node.optionalMark != nil
    fill(made) { lowering, made, handle in
      lowering.lowerSignature(node.signature, into: &made)
      made.generics = lowering.lower(
        node.genericParameterClause, where: node.genericWhereClause)
      made.body = node.body.map { lowering.lower($0.statements, in: handle).handle }
    }
  }

  private mutating func lowerSignature(
    _ signature: FunctionSignatureSyntax, into made: inout Declaration
  ) {
    made.parameters = lower(signature.parameterClause.parameters)
    made.result = (signature.returnClause?.type).map { lower($0) }
    made.thrown = (signature.effectSpecifiers?.throwsClause?.type).map { lower($0) }
  }

  private mutating func lower(_ node: DeinitializerDeclSyntax, _ parent: Parent) {
    let made = declaration(
      .deinitializer, node.deinitKeyword, node.modifiers, node.attributes, parent)
    fill(made) { lowering, made, handle in
      made.body = node.body.map { lowering.lower($0.statements, in: handle).handle }
    }
  }

  private mutating func lower(_ node: SubscriptDeclSyntax, _ parent: Parent) {
    let made = declaration(
      .subscript, node.subscriptKeyword, node.modifiers, node.attributes, parent)
    fill(made) { lowering, made, handle in
      made.parameters = lowering.lower(node.parameterClause.parameters)
      made.result = lowering.lower(node.returnClause.type)
      made.generics = lowering.lower(
        node.genericParameterClause, where: node.genericWhereClause)
      made.accessors = node.accessorBlock.map { lowering.lower($0, in: handle) } ?? []
    }
  }

  private mutating func lower(_ list: FunctionParameterListSyntax) -> [Parameter] {
    var parameters: [Parameter] = []
    for node in list {
      let label = name(node.firstName)
      parameters.append(
        Parameter(
          label: label == "_" ? nil : label, name: name(node.secondName ?? node.firstName),
          type: lower(node.type), defaultValue: lowerDefault(node.defaultValue),
          isVariadic: node.ellipsis != nil, attributes: lowerAttributes(node.attributes)))
    }
    return parameters
  }

  private mutating func lowerDefault(_ node: InitializerClauseSyntax?) -> Handle<Expression>? {
    (node?.value).map { value in inBody { $0.lower(value) } }
  }

  // MARK: Variables and cases

  /// One declaration a name; `let a, b: Int` gives the annotation to both.
  private mutating func lower(_ node: VariableDeclSyntax, _ parent: Parent) {
    var annotation: TypeSyntax?
    var annotations: [TypeSyntax?] = []
    for binding in node.bindings.reversed() {
      if let type = binding.typeAnnotation?.type { annotation = type }
      annotations.append(binding.initializer == nil ? annotation : binding.typeAnnotation?.type)
    }
    for (binding, annotation) in zip(node.bindings, annotations.reversed()) {
      let names = identifiers(in: binding.pattern)
      for (index, token) in names.enumerated() {
        var made = declaration(.variable, token, node.modifiers, node.attributes, parent)
        let isSimple = binding.pattern.is(IdentifierPatternSyntax.self)
        fill(made) { lowering, filled, handle in
          if index == 0 {
            filled.type = isSimple ? annotation.map { lowering.lower($0) } : nil
            filled.initializer = (binding.initializer?.value).map { lowering.lower($0) }
            filled.accessors = binding.accessorBlock.map { lowering.lower($0, in: handle) } ?? []
          }
        }
        made.attributes = []
      }
    }
  }

  private func identifiers(in pattern: PatternSyntax) -> [TokenSyntax] {
    if let identifier = pattern.as(IdentifierPatternSyntax.self) { return [identifier.identifier] }
    guard let tuple = pattern.as(TuplePatternSyntax.self) else { return [] }
    return tuple.elements.flatMap { identifiers(in: $0.pattern) }
  }

  private mutating func lower(_ node: EnumCaseDeclSyntax, _ parent: Parent) {
    for element in node.elements {
      var made = declaration(.enumCase, element.name, node.modifiers, node.attributes, parent)
      made.isStatic = true
      made.access = .everywhere
      made.initializer = (element.rawValue?.value).map { lower($0) }
      for parameter in element.parameterClause?.parameters ?? [] {
        let label = parameter.firstName.map { name($0) }
        made.parameters.append(
          Parameter(
            label: label == "_" ? nil : label, name: label ?? "", type: lower(parameter.type),
            defaultValue: lowerDefault(parameter.defaultValue)))
      }
      _ = add(made)
    }
  }

  mutating func lower(_ block: AccessorBlockSyntax, in parent: Parent) -> [Accessor] {
    switch block.accessors {
    case .getter(let statements):
      return [lowerAccessor(statements, isGetter: true, in: parent)]
    case .accessors(let list):
      var accessors: [Accessor] = []
      for accessor in list {
        guard let body = accessor.body else { continue }
        let parameterName = (accessor.parameters?.name).map { name($0) }
        var lowered = lowerAccessor(
          body.statements, isGetter: accessor.accessorSpecifier.tokenKind == .keyword(.get),
          in: parent)
        lowered.parameterName = parameterName
        accessors.append(lowered)
      }
      return accessors
    }
  }

  /// A getter of one expression may name a table or a path: others read it, unless it is a call or
  /// a branch, which have no fixed text.
  private mutating func lowerAccessor(
    _ statements: CodeBlockItemListSyntax, isGetter: Bool, in parent: Parent
  ) -> Accessor {
    let isOutline = isGetter && statements.count == 1 && statements.first.map(isPlain) ?? false
    let body = lower(statements, in: parent, isBody: !isOutline)
    var accessor = Accessor(isGetter: isGetter, body: body.handle)
    if isGetter, body.block.count == 1 { accessor.constant = constant(of: body.block[0]) }
    return accessor
  }

  private func isPlain(_ item: CodeBlockItemSyntax) -> Bool {
    let expression: ExprSyntax? =
      switch item.item {
      case .expr(let node): node
      case .stmt(let node): node.as(ReturnStmtSyntax.self)?.expression
      case .decl: nil
      }
    guard let expression else { return false }
    return !expression.is(FunctionCallExprSyntax.self) && !expression.is(ClosureExprSyntax.self)
      && !expression.is(IfExprSyntax.self) && !expression.is(SwitchExprSyntax.self)
  }

  private func constant(of statement: Statement) -> Handle<Expression>? {
    let expression: Handle<Expression>? =
      switch statement {
      case .expression(let only): only
      case .return(let only): only
      default: nil
      }
    guard let expression else { return nil }
    return StaticStrings.mayFold(facts[expression]) ? expression : nil
  }

  private mutating func lower(_ node: ImportDeclSyntax) {
    guard let module = node.path.first else { return }
    let isExported = node.attributes.contains { element in
      guard case .attribute(let attribute) = element else { return false }
      return attribute.attributeName.trimmedDescription == "_exported"
    }
    let declaration = node.path.dropFirst().first.map { name($0.name) }
    facts.imports.append(
      ImportFact(module: name(module.name), declaration: declaration, isExported: isExported))
  }
}
