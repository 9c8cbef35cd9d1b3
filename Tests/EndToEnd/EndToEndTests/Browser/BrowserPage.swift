// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A tab. Waiting happens in the page, by its own clock.
struct BrowserPage {
  struct Failed: Error, CustomStringConvertible {
    let description: String
  }

  let browser: Chromium
  private let session: String

  private struct Answer<Result: Decodable>: Decodable { let result: Result }

  private struct Evaluation<Value: Decodable>: Decodable {
    struct Result: Decodable { let value: Value }
    let result: Result
  }

  /// Opens an empty tab that reports everything it has to complain about.
  init(in browser: Chromium) async throws {
    struct Target: Decodable { let targetId: String }
    struct Session: Decodable { let sessionId: String }
    self.browser = browser
    let target = try JSONDecoder().decode(
      Answer<Target>.self, from: try await browser.send("Target.createTarget", #"{"url":""}"#))
    session = try JSONDecoder().decode(
      Answer<Session>.self,
      from: try await browser.send(
        "Target.attachToTarget", #"{"targetId":"\#(target.result.targetId)","flatten":true}"#)
    ).result.sessionId
    for domain in ["Page", "Runtime", "Log", "Audits"] { try await send("\(domain).enable") }
  }

  @discardableResult
  func send(_ method: String, _ parameters: String = "{}") async throws -> Data {
    try await browser.send(method, parameters, session: session)
  }

  /// Errors, warnings and refused content of the page so far.
  var complaints: [String] {
    browser.events([
      "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Audits.issueAdded",
    ])
  }

  func open(_ url: String) async throws { try await send("Page.navigate", #"{"url":"\#(url)"}"#) }

  /// The value of a JavaScript expression.
  func evaluate<Value: Decodable>(
    _ expression: String, as type: Value.Type = Value.self
  ) async throws -> Value {
    let text = String(decoding: try JSONEncoder().encode(expression), as: UTF8.self)
    let answer = try await send(
      "Runtime.evaluate",
      #"{"expression":\#(text),"awaitPromise":true,"returnByValue":true}"#)
    do {
      return try JSONDecoder().decode(Answer<Evaluation<Value>>.self, from: answer).result.result
        .value
    } catch {
      throw Failed(description: "\(expression): \(String(decoding: answer, as: UTF8.self))")
    }
  }

  /// Waits until an expression is true; throws after 20 s with what the page shows then.
  func wait(until expression: String) async throws {
    // A page that is being left answers nothing; the next one is asked again.
    let isTrue =
      try await evaluate(
        """
        new Promise((done) => {
          const end = Date.now() + 20000;
          const look = () => {
            let isTrue = false;
            try { isTrue = Boolean(\(expression)); } catch { isTrue = false; }
            if (isTrue || Date.now() > end) done(isTrue);
            else setTimeout(look, 50);
          };
          look();
        })
        """) as Bool
    if isTrue { return }
    let text: String = try await evaluate("document.body.innerText")
    throw Failed(description: "\(expression) did not come true; the page shows:\n\(text)")
  }

  /// Presses the mouse button in the middle of an element.
  func click(_ selector: String) async throws {
    let place: [Double] = try await evaluate(
      """
      (() => {
        const node = document.querySelector(\(Self.quoted(selector)));
        node.scrollIntoView({ block: "center" });
        const box = node.getBoundingClientRect();
        return [box.left + box.width / 2, box.top + box.height / 2];
      })()
      """)
    for kind in ["mousePressed", "mouseReleased"] {
      try await send(
        "Input.dispatchMouseEvent",
        #"{"type":"\#(kind)","x":\#(place[0]),"y":\#(place[1]),"button":"left","clickCount":1}"#)
    }
  }

  /// Types into what has the focus.
  func type(_ text: String) async throws {
    try await send("Input.insertText", #"{"text":\#(Self.quoted(text))}"#)
  }

  /// Presses and releases a key, such as Tab, Enter or Escape.
  func press(_ key: String, code: Int, text: String? = nil) async throws {
    let typed = text.map { #","text":\#(Self.quoted($0))"# } ?? ""
    for kind in ["keyDown", "keyUp"] {
      try await send(
        "Input.dispatchKeyEvent",
        #"{"type":"\#(kind)","key":"\#(key)","code":"\#(key)","#
          + #""windowsVirtualKeyCode":\#(code)\#(kind == "keyDown" ? typed : "")}"#)
    }
  }

  /// Roles of what a screen reader would offer without saying what it is.
  func namelessControls() async throws -> [String] {
    struct Tree: Decodable {
      struct Node: Decodable {
        struct Text: Decodable { let value: String? }
        let ignored: Bool
        let role: Text?
        let name: Text?
      }
      let nodes: [Node]
    }
    try await send("Accessibility.enable")
    let answer = try await send("Accessibility.getFullAXTree")
    let nodes = try JSONDecoder().decode(Answer<Tree>.self, from: answer).result.nodes
    let roles: Set = [
      "button", "textbox", "spinbutton", "checkbox", "dialog", "image", "img", "table", "region",
      "article",
    ]
    let offered = nodes.filter { !$0.ignored && roles.contains($0.role?.value ?? "") }
    if offered.isEmpty { throw Failed(description: "the page offers nothing") }
    return offered.filter { ($0.name?.value ?? "").isEmpty }.compactMap { $0.role?.value }
  }

  func resize(width: Int, height: Int) async throws {
    try await send(
      "Emulation.setDeviceMetricsOverride",
      #"{"width":\#(width),"height":\#(height),"deviceScaleFactor":1,"mobile":false}"#)
  }

  /// `light` or `dark`, as the person's system would say.
  func prefer(_ scheme: String) async throws {
    try await send(
      "Emulation.setEmulatedMedia",
      #"{"features":[{"name":"prefers-color-scheme","value":"\#(scheme)"}]}"#)
  }

  /// The whole page as a PNG file in `.build/screenshots`.
  func screenshot(_ name: String) async throws {
    struct Shot: Decodable { let data: Data }
    let answer = try await send("Page.captureScreenshot", #"{"captureBeyondViewport":true}"#)
    let shot = try JSONDecoder().decode(Answer<Shot>.self, from: answer).result
    let folder = Executable.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "screenshots")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try shot.data.write(to: folder.appending(path: "\(name).png"))
  }

  static func quoted(_ text: String) -> String {
    // Encoding a string cannot fail.
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
