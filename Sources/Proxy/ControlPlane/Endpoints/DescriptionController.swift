// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird

/// `/openapi.json`: this API for programs. Open, since it tells nothing that is not public.
struct DescriptionController {
  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/openapi.json") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: .init(byteBuffer: .init(string: OpenAPIDocument.text)))
    }
  }
}
