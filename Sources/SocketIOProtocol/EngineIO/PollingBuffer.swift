/// What waits for the next GET of a polling client: encoded packets, bounded by whoever fills it.
struct PollingBuffer {
    private(set) var byteCount = 0
}
