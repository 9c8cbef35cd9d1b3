// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import CNghttp2
  import Glibc
  import Testing

  @testable import HTTP2Engine

  @Suite struct FrameMemoryTests {
    /// Pages of a slot that the system holds.
    private static func residentPages(_ memory: UnsafeMutableRawPointer) -> Int {
      let page = sysconf(Int32(_SC_PAGESIZE))
      var states = [UInt8](repeating: 0, count: FrameMemory.slotSize / page)
      guard mincore(memory, FrameMemory.slotSize, &states) == 0 else { return -1 }
      return states.count { $0 & 1 == 1 }
    }

    @Test func aSlotHasAPageOfItsOwnAndGoesBackUntouched() throws {
      let slot = try #require(FrameMemory.allocate(FrameMemory.least))
      #expect(FrameMemory.owns(slot))
      memset(slot, 1, FrameMemory.slotSize)
      #expect(Self.residentPages(slot) == FrameMemory.slotSize / sysconf(Int32(_SC_PAGESIZE)))
      FrameMemory.release(slot)
      #expect(Self.residentPages(slot) == 0)
    }

    @Test func whatIsNoFrameBufferIsTheHeaps() throws {
      for size in [1, FrameMemory.least - 1, FrameMemory.slotSize + 1] {
        let memory = try #require(FrameMemory.allocate(size))
        #expect(!FrameMemory.owns(memory))
        FrameMemory.release(memory)
      }
      FrameMemory.release(nil)
    }

    @Test func growingKeepsWhatIsThere() throws {
      let slot = try #require(FrameMemory.allocate(FrameMemory.least))
      memset(slot, 7, FrameMemory.slotSize)
      #expect(FrameMemory.resize(slot, to: FrameMemory.slotSize) == slot)
      let larger = try #require(FrameMemory.resize(slot, to: 2 * FrameMemory.slotSize))
      #expect(!FrameMemory.owns(larger))
      let bytes = UnsafeRawBufferPointer(start: larger, count: FrameMemory.slotSize)
      #expect(bytes.allSatisfy { $0 == 7 })
      FrameMemory.release(larger)
    }

    /// Fails when a version of the library takes its frame buffer in another way, or size.
    @Test func theLibraryTakesItsFrameBufferFromHere() {
      final class Sizes { var large: [Int] = [] }
      let sizes = Sizes()
      var hooks = FrameMemory.hooks
      hooks.mem_user_data = Unmanaged.passUnretained(sizes).toOpaque()
      hooks.realloc = { memory, size, sizes in
        if size >= FrameMemory.least, let sizes {
          Unmanaged<Sizes>.fromOpaque(sizes).takeUnretainedValue().large.append(size)
        }
        return FrameMemory.resize(memory, to: size)
      }
      var callbacks: OpaquePointer?
      var session: OpaquePointer?
      #expect(nghttp2_session_callbacks_new(&callbacks) == 0)
      #expect(nghttp2_session_server_new3(&session, callbacks, nil, nil, &hooks) == 0)
      nghttp2_session_callbacks_del(callbacks)
      nghttp2_session_del(session)
      #expect(sizes.large.count == 1 && sizes.large.allSatisfy { $0 <= FrameMemory.slotSize })
    }
  }
#endif
