// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("What a proxy keeps of a shared journal")
struct CachedJournalTests {
  @Test("What was known of a journal comes back from its cache, and of no other installation")
  func cache() throws {
    let entries = try JournalTests.journal()
    let replay = try JournalReplay(entries)
    let end = try #require(entries.last)
    let cached = CachedJournal(
      installation: JournalTests.installation, chain: JournalChain(after: end), replay: replay,
      time: 7)
    let read = try CachedJournal(json: cached.json, installation: JournalTests.installation)
    #expect(read == cached)
    #expect(read.replay == replay && read.chain == JournalChain(after: end))
    for (json, installation, code) in [
      (cached.json, "other", .otherInstallation),
      (String(cached.json.dropLast(9)), JournalTests.installation, .broken),
      ("{}", JournalTests.installation, .broken), ("", JournalTests.installation, .broken),
      (
        cached.json.replacing(#""version":1"#, with: #""version":2"#), JournalTests.installation,
        .broken
      ),
    ] as [(String, String, CutoverJournalError.Code)] {
      let error = #expect(throws: CutoverJournalError.self) {
        try CachedJournal(json: json, installation: installation)
      }
      #expect(error?.code == code, "\(json.prefix(40))")
    }
  }
}
