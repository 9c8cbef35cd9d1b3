// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import CNghttp2
  import Glibc
  import Synchronization

  /// Pages for the library's frame buffers, one of 16 KiB for each connection as long as that
  /// lives.
  ///
  /// Connections write frames of a few hundred bytes into it, so most of its pages are never
  /// touched, unless the heap hands out what something else has touched before: TLS reads records
  /// of the same size through the same heap, and an idle connection then keeps 12 KiB that it never
  /// used. A slot begins at a page of its own and goes back to the system untouched.
  ///
  /// Past `slots` connections, or where the system gives no room, the heap serves as before.
  enum FrameMemory {
    /// Bytes from which on an allocation is a frame buffer; those of HPACK and streams are smaller.
    static let least = 16 * 1024
    static let slotSize = 20 * 1024
    /// Address space only: 1.25 GiB of it.
    static let slots = 65_536

    private struct Slots: ~Copyable {
      /// Returned ones, to be used first.
      var free: [UInt32] = []
      /// Slots that were handed out at least once.
      var used: UInt32 = 0
    }

    private static let state = Mutex(Slots())

    /// The first byte of all slots; nil when the system refused.
    nonisolated(unsafe) private static let base: UnsafeMutableRawPointer? = {  // never changes
      let memory = mmap(
        nil, slots * slotSize, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      return memory == MAP_FAILED ? nil : memory
    }()

    /// A slot; nil when there is none left.
    static func take() -> UnsafeMutableRawPointer? {
      guard let base else { return nil }
      let slot = state.withLock { state -> UInt32? in
        if let slot = state.free.popLast() { return slot }
        guard state.used < slots else { return nil }
        state.used += 1
        return state.used - 1
      }
      return slot.map { base + Int($0) * slotSize }
    }

    /// Whether it is, or was, one of `take`.
    static func owns(_ memory: UnsafeMutableRawPointer) -> Bool {
      guard let base else { return false }
      return memory >= base && memory < base + slots * slotSize
    }

    static func giveBack(_ memory: UnsafeMutableRawPointer) {
      guard let base else { return }
      _ = madvise(memory, slotSize, MADV_DONTNEED)
      state.withLock { $0.free.append(UInt32((memory - base) / slotSize)) }
    }

    static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
      if size >= least, size <= slotSize, let slot = take() { return slot }
      return malloc(size)
    }

    static func resize(
      _ memory: UnsafeMutableRawPointer?, to size: Int
    ) -> UnsafeMutableRawPointer? {
      // The library makes its buffers by growing nothing.
      guard let memory else { return allocate(size) }
      guard owns(memory) else { return realloc(memory, size) }
      if size <= slotSize { return memory }
      guard let larger = malloc(size) else { return nil }
      larger.copyMemory(from: memory, byteCount: slotSize)
      giveBack(memory)
      return larger
    }

    static func release(_ memory: UnsafeMutableRawPointer?) {
      guard let memory else { return }
      if owns(memory) { giveBack(memory) } else { free(memory) }
    }

    /// The library's view of it.
    static var hooks: nghttp2_mem {
      nghttp2_mem(
        mem_user_data: nil,
        malloc: { size, _ in FrameMemory.allocate(size) },
        free: { memory, _ in FrameMemory.release(memory) },
        calloc: { count, size, _ in Glibc.calloc(count, size) },
        realloc: { memory, size, _ in FrameMemory.resize(memory, to: size) })
    }
  }
#endif
