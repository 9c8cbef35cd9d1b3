// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Foundation
import ShopTraffic
import Testing

/// The recording in `fixtures/traffic` still is what a fresh shop answers.
@Suite(.timeLimit(.minutes(2)))
struct RecordedTrafficTests {
  /// Carries the day of the recording: orders and carts that the recording made.
  private static let dated: Set<String> = ["placedAt", "cancelledAt", "createdAt", "updatedAt"]
  private static let largestFile = 300_000

  @Test func aFreshShopAnswersTheRecordingAlike() async throws {
    let file = FixtureFiles.url("traffic/shop-visit.har")
    let data = try Data(contentsOf: file)
    #expect(data.count < Self.largestFile)
    let archive = try JSONDecoder().decode(HTTPArchive.self, from: data)
    #expect(archive.log.version == "1.2")
    #expect(archive.log.entries.count == 172)
    try await ShopUnderTest().client { client in
      for entry in archive.log.entries {
        let url = try #require(URLComponents(string: entry.request.url))
        let path = url.path + (url.percentEncodedQuery.map { "?\($0)" } ?? "")
        let body = entry.request.postData?.text
        let answer =
          switch entry.request.method {
          case "POST": try await client.post(path, body)
          case "PUT": try await client.put(path, body ?? "")
          default: try await client.get(path)
          }
        #expect(answer.status == entry.response.status, "\(entry.request.method) \(path)")
        let recorded = try JSONLeaves(entry.response.content.text.utf8)
        let differing = recorded.withoutVolatile().differences(
          from: answer.leaves.withoutVolatile())
        let isWrite = entry.request.method != "GET"
        #expect(
          differing.subtracting(isWrite ? Self.dated : []).isEmpty,
          "\(entry.request.method) \(path): \(differing.sorted())")
      }
    }
  }
}
