// SPDX-License-Identifier: Apache-2.0

/// The description of the admin API that `GET /openapi.json` answers with: OpenAPI 3.1, kept by
/// hand. A test holds it to the paths and methods that are served.
enum OpenAPIDocument {
  static let text = """
    {
      "openapi": "3.1.0",
      "info": {
        "title": "strangler admin API",
        "version": "1",
        "description": "Routes, cutovers and their journal. Where the configuration names a \
    token, every request but health and this document carries it. What changes something takes \
    application/json only, and never comes from a page of another site."
      },
      "security": [{"token": []}],
      "paths": {
    \(evidencePaths)
    \(paths),
    \(cutoverPaths)
      },
      "components": \(components)
    }

    """
}
