// SPDX-License-Identifier: Apache-2.0
import SwiftSyntax

extension FileLowering {
  mutating func lower(_ type: TypeSyntax) -> TypeExpression.ID {
    switch type.as(TypeSyntaxEnum.self) {
    case .identifierType(let node):
      let arguments = lower(node.genericArgumentClause)
      return add(.named(name(node.name), arguments: arguments), at: offset(node.name))
    case .memberType(let node):
      let base = lower(node.baseType)
      let member = name(node.name)
      if member == "Type" || member == "Protocol" {
        return add(.metatype(base), at: offset(node.name))
      }
      let arguments = lower(node.genericArgumentClause)
      return add(.member(base: base, name: member, arguments: arguments), at: offset(node.name))
    case .optionalType(let node): return wrap(node.wrappedType) { .optional($0) }
    case .implicitlyUnwrappedOptionalType(let node): return wrap(node.wrappedType) { .optional($0) }
    case .arrayType(let node): return wrap(node.element) { .array($0) }
    case .dictionaryType(let node):
      let key = lower(node.key)
      return wrap(node.value) { .dictionary(key: key, value: $0) }
    case .tupleType(let node): return lower(node)
    case .functionType(let node):
      let parameters = node.parameters.map { lower($0.type) }
      return wrap(node.returnClause.type) { .function(parameters: parameters, result: $0) }
    case .attributedType(let node): return lower(node)
    case .someOrAnyType(let node): return lower(node.constraint)
    case .compositionType(let node):
      let elements = node.elements.map { lower($0.type) }
      return add(.composition(elements), at: offset(node))
    case .metatypeType(let node): return wrap(node.baseType) { .metatype($0) }
    case .packExpansionType(let node): return lower(node.repetitionPattern)
    case .packElementType(let node): return lower(node.pack)
    case .suppressedType(let node): return add(.unknown, at: offset(node))
    default: return add(.unknown, at: offset(type))
    }
  }

  private mutating func wrap(
    _ type: TypeSyntax, _ node: (TypeExpression.ID) -> TypeExpression
  ) -> TypeExpression.ID {
    let place = offset(type)
    return add(node(lower(type)), at: place)
  }

  private mutating func lower(_ node: TupleTypeSyntax) -> TypeExpression.ID {
    if node.elements.count == 1, let only = node.elements.first { return lower(only.type) }
    var elements: [TypeExpression.Element] = []
    for element in node.elements {
      let label = element.firstName.map { name($0) }
      elements.append(.init(label: label, type: lower(element.type)))
    }
    return add(.tuple(elements), at: offset(node))
  }

  private mutating func lower(_ node: AttributedTypeSyntax) -> TypeExpression.ID {
    let attributes = lowerAttributes(node.attributes).map(\.type)
    let base = lower(node.baseType)
    guard !attributes.isEmpty else { return base }
    return add(.attributed(attributes: attributes, base: base), at: offset(node))
  }

  mutating func lower(_ clause: GenericArgumentClauseSyntax?) -> [TypeExpression.ID] {
    guard let clause else { return [] }
    var arguments: [TypeExpression.ID] = []
    for argument in clause.arguments {
      if case .type(let type) = argument.argument {
        arguments.append(lower(type))
      } else {
        arguments.append(add(.unknown, at: offset(argument)))
      }
    }
    return arguments
  }

  mutating func lower(
    _ clause: GenericParameterClauseSyntax?, where requirements: GenericWhereClauseSyntax?
  ) -> GenericSignature {
    var signature = GenericSignature()
    for parameter in clause?.parameters ?? [] {
      let bound = parameter.inheritedType.map { lower($0) }
      signature.parameters.append(.init(name: name(parameter.name), bound: bound))
    }
    for item in (clause?.genericWhereClause?.requirements ?? []) {
      lower(item.requirement, into: &signature)
    }
    for item in requirements?.requirements ?? [] { lower(item.requirement, into: &signature) }
    return signature
  }

  private mutating func lower(
    _ requirement: GenericRequirementSyntax.Requirement, into signature: inout GenericSignature
  ) {
    switch requirement {
    case .conformanceRequirement(let node):
      let left = lower(node.leftType)
      let right = lower(node.rightType)
      signature.requirements.append(.init(left: left, right: right, isConformance: true))
    case .sameTypeRequirement(let node):
      guard case .type(let leftType) = node.leftType, case .type(let rightType) = node.rightType
      else { return }
      let left = lower(leftType)
      let right = lower(rightType)
      signature.requirements.append(.init(left: left, right: right, isConformance: false))
    case .layoutRequirement: return
    }
  }

  /// Attributes that name a type: wrappers, builders, global actors, macros. Language attributes
  /// start in lower case.
  mutating func lowerAttributes(_ list: AttributeListSyntax) -> [Attribute] {
    guard !list.isEmpty else { return [] }
    var attributes: [Attribute] = []
    for element in list {
      guard case .attribute(let attribute) = element else { continue }
      let written = attribute.attributeName.as(IdentifierTypeSyntax.self)?.name.text ?? "M"
      guard let first = written.utf8.first, first < UInt8(ascii: "a") else { continue }
      let type = lower(attribute.attributeName)
      var arguments: [Argument] = []
      if case .argumentList(let list)? = attribute.arguments {
        arguments = inBody { $0.lower(list) }
      }
      attributes.append(Attribute(type: type, arguments: arguments))
    }
    return attributes
  }
}
