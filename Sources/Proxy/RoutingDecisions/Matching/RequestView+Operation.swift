// SPDX-License-Identifier: Apache-2.0

package import GraphQLRequests
package import HTTPExchange

extension RequestView {
  /// The form in which a body would say what a GraphQL request has executed; nil when it cannot.
  package var graphQLForm: GraphQLReader.Form? {
    guard MethodKind.identify(self[method]) == .post,
      let type = FieldLookup.value(of: "content-type", in: fields, bytes),
      FieldLookup.value(of: "content-encoding", in: fields, bytes) == nil
    else { return nil }
    return GraphQLReader.Form(contentType: type)
  }

  /// What a GraphQL request has executed. `body`: nil when it is not there.
  package func operation(body: [UInt8]?) -> Result<GraphQLOperation, GraphQLUndecided> {
    Result { () throws(GraphQLUndecided) in
      if MethodKind.identify(self[method]) == .get {
        return try GraphQLReader.operation(query: self[query])
      }
      guard let form = graphQLForm else { throw .notGraphQL }
      guard let body else { throw .bodyWithheld }
      return try GraphQLReader.operation(body: body, form: form)
    }
  }
}
